"""The test rows that the model in service has not learned from: on these alone it is compared with the new one.

A model that ships was trained until the newest rows of its day, so that the next test split holds some that it has
seen. They are left out, and so are all rows of a list with such a row. Without a time no row needs to be: the refit
leaves the test split out there, and every run assigns a row to the same split.
"""

import numpy as np
from numpy.typing import NDArray

from components.evaluate.inputs import EvaluationInputs
from components.evaluate.test_set import Rows, query
from model.sql import quoted


def new_to_champion(inputs: EvaluationInputs, rows: Rows) -> NDArray[np.bool_]:
    """Per test row; all are where there is no model in service, or no time."""
    new = np.ones(len(rows.label), np.bool_)
    until, time = _trained_until(inputs), inputs.spec.columns.time
    if until is None or time is None:
        return new
    sql = f"select {quoted(time)} >= cast($until as timestamptz) at time zone 'UTC' as new from read_parquet($path)"
    new = query(sql, until=until, path=str(inputs.test))["new"].astype(np.bool_)
    if rows.list is None or new.all():
        return new
    seen = np.bincount(rows.list, ~new) > 0
    return ~seen[rows.list]


def _trained_until(inputs: EvaluationInputs) -> str | None:
    """Of the model in service; None where it has seen no test row, of whatever time.

    Where a hash assigns the rows to splits, a model without a refit has seen none: its own test split had these rows.
    """
    if inputs.champion is None:
        return None
    lineage = inputs.champion.bundle.manifest.lineage
    return lineage.trained_until if lineage.refit_of or inputs.spec.split.by == "time" else None
