"""Which member of a refit has not learned from a row of the test split, where no time tells what a model has seen.

Each of n members leaves out one fold of the test rows. A row's fold follows from what it is, so that the next
evaluation finds it again: from its user, list or group, as its split does, else from its own values. Of equal rows the
first, second, ... are rows of their own.
"""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from components.evaluate.test_set import query
from model.spec.types import Spec
from model.sql import quoted


def left_out_by(spec: Spec, test: Path, features: Sequence[str], members: int) -> NDArray[np.int8]:
    """The number of the member, per row of the file `test`. Raises DataError when it is damaged."""
    unit = spec.split.group or spec.columns.user or spec.columns.list
    content = f"hash({', '.join(quoted(name) for name in (*features, spec.columns.label))})"
    own = f"hash({content}, row_number() OVER (PARTITION BY {content} ORDER BY file_row_number))"
    identity = f"CASE WHEN {quoted(unit)} IS NULL THEN {own} ELSE hash({quoted(unit)}) END" if unit else own
    sql = (
        f"SELECT ({identity} >> 20) % {members} AS member "
        "FROM read_parquet($path, file_row_number = true) ORDER BY file_row_number"
    )
    return query(sql, path=str(test))["member"].astype(np.int8)
