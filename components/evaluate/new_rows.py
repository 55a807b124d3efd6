"""The test rows that the model in service has not learned from: on these alone it is compared with the new one.

A model that ships was trained until the newest rows of its day, so that the next test split holds some that it has
seen. They are left out, and so are all rows of a list with such a row. Without a time no row needs to be: every run
assigns a row to the same split, as long as the spec's `split`, `columns.key` and ids stay, and a member of the refit
that has not seen a test row scores it. That is the newest cut's: of the other cuts' test rows it has learned, and
without a time none can be told apart.
"""

import numpy as np
from numpy.typing import NDArray

from components.evaluate.inputs import EvaluatedCut, EvaluationInputs
from components.evaluate.test_set import Rows, query
from model.sql import quoted


def new_to_champion(inputs: EvaluationInputs, rows: Rows) -> NDArray[np.bool_]:
    """Per test row; all are where there is no model in service."""
    new = np.concatenate([_new_in(cut, inputs) for cut in inputs.cuts])
    if rows.list is None or new.all():
        return new
    seen = np.bincount(rows.list, ~new) > 0
    return ~seen[rows.list]


def _new_in(cut: EvaluatedCut, inputs: EvaluationInputs) -> NDArray[np.bool_]:
    """Of the test rows of a cut.

    Where a hash assigns the rows to splits, a model without a refit has seen none of the newest cut's, of whatever
    time: its own test split had these rows. Of a refit without a time a member has not. Else a row is new by its own
    time alone: where a spec has given up its time, or was divided by a hash before, nothing else tells.
    """
    every = np.ones(cut.rows, np.bool_)
    if inputs.champion is None:
        return every
    lineage, time = inputs.champion.bundle.manifest.lineage, inputs.spec.columns.time
    has_no_time = lineage.trained_until is None
    if cut.number == 1 and inputs.spec.split.by != "time" and (has_no_time or not lineage.refit_of):
        return every
    if time is None:
        return ~every
    until = lineage.trained_until or lineage.cutoff
    sql = f"select {quoted(time)} >= cast($until as timestamptz) at time zone 'UTC' as new from read_parquet($path)"
    return query(sql, until=until, path=str(cut.test))["new"].astype(np.bool_)
