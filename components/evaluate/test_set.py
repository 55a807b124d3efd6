"""The test rows: their labels, positions, lists, items and bootstrap units, as one number per row each."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
from numpy.typing import NDArray

from artifacts.splits import AGAIN, require_columns
from model.errors import DataError, Problem
from model.spec.types import Spec
from model.sql import quoted


@dataclass(frozen=True)
class Rows:
    """Per row of the test splits: label (0 or 1), and numbers from 0 for list, item and bootstrap unit.

    `unit` is the user, else the list, else the split's group, else the row; `unit_name` says which. `position` is the
    logged one.
    """

    label: NDArray[np.float64]
    unit: NDArray[np.int64]
    unit_name: str
    list: NDArray[np.int64] | None
    position: NDArray[np.int64] | None
    item: NDArray[np.int64] | None

    def chosen(self, mask: NDArray[np.bool_] | slice) -> "Rows":
        """Those of the mask or slice, numbered anew."""
        return Rows(
            label=self.label[mask],
            unit=numbered(self.unit[mask]),
            unit_name=self.unit_name,
            list=None if self.list is None else numbered(self.list[mask]),
            position=None if self.position is None else self.position[mask],
            item=None if self.item is None else numbered(self.item[mask]),
        )


def query(sql: str, **values: object) -> dict[str, NDArray[Any]]:
    """Columns of a DuckDB query; `$name` in the SQL stands for a value. Raises DataError when files are damaged."""
    with duckdb.connect(config={"threads": 1}) as connection:
        try:
            columns: dict[str, NDArray[Any]] = connection.execute(sql, values or None).fetchnumpy()
        except duckdb.Error as error:
            first = str(error).splitlines()[0]
            raise DataError(
                Problem("a split of preprocess", f"cannot be read ({first})", AGAIN, "split-damaged")
            ) from None
    return columns


def read_rows(spec: Spec, paths: Sequence[Path]) -> Rows:
    """The rows of all files, one after the other: who is in several of them is one unit.

    Raises DataError for missing columns, a label other than 0 and 1, and a split without rows.
    """
    columns = spec.columns
    unit_name, unit = next(((role, name) for role, name in _units(spec) if name), ("row", None))
    keys = {role: name for role, name in (("list", columns.list), ("item", columns.item), ("unit", unit)) if name}
    files, before = [], 0
    for path in paths:
        files.append(_read_file(spec, path, keys, before))
        before += len(files[-1]["label"])
    values = (
        files[0] if len(files) == 1 else {name: np.concatenate([file[name] for file in files]) for name in files[0]}
    )
    number = {role: numbered(values[role]) for role in keys}
    return Rows(
        label=values["label"],
        unit=number.get("unit", np.arange(before)),
        unit_name=unit_name,
        list=number.get("list"),
        position=values.get("position"),
        item=number.get("item"),
    )


def _read_file(spec: Spec, path: Path, keys: Mapping[str, str], before: int) -> dict[str, NDArray[Any]]:
    """Label, position and the `keys` (role -> column) of a file; `before` rows are in the files before it."""
    columns = spec.columns
    require_columns(path, [name for name in (columns.label, columns.position, *keys.values()) if name])
    selected = [f"coalesce(cast({quoted(columns.label)} as double), -1) as label"]
    if columns.position:
        selected.append(f"cast({quoted(columns.position)} as bigint) as position")
    selected += [f"{_key(name, before)} as {role}" for role, name in keys.items()]
    values = query(f"select {', '.join(selected)} from read_parquet($path, file_row_number = true)", path=str(path))
    _check_label(values["label"], f"{path} {columns.label}")
    if columns.position:
        values["position"] = _positions(values["position"], f"{path} {columns.position}")
    return values


def _units(spec: Spec) -> tuple[tuple[str, str | None], ...]:
    return (("user", spec.columns.user), ("list", spec.columns.list), (spec.split.group or "group", spec.split.group))


def _key(name: str, before: int) -> str:
    """64 bits for an id; a row without an id is a unit of its own."""
    return f"case when {quoted(name)} is null then hash({-1 - before} - file_row_number) else hash({quoted(name)}) end"


def numbered(keys: NDArray[Any]) -> NDArray[np.int64]:
    """Keys -> numbers from 0 in order of first appearance, so that the hash function has no influence."""
    _, first, inverse = np.unique(np.asarray(keys), return_index=True, return_inverse=True)
    number = np.empty(len(first), np.int64)
    number[np.argsort(first)] = np.arange(len(first))
    return number[inverse]


def _check_label(label: NDArray[np.float64], where: str) -> None:
    if not len(label):
        raise DataError(Problem(where, "has no rows", "Widen the window or the share of the test split", "split-empty"))
    invalid = label[(label != 0) & (label != 1)]
    if len(invalid):
        problem = "is missing in a row" if invalid[0] == -1 else f"is {invalid[0]:g} in a row"
        raise DataError(Problem(where, problem, "A label is 0 or 1 in every row; fix the SQL", "split-label"))


def _positions(values: NDArray[Any], where: str) -> NDArray[np.int64]:
    if np.ma.isMaskedArray(values) or int(values.min()) < 1:
        raise DataError(
            Problem(where, "is missing or below 1 in a row", "Positions count from 1; fix the SQL", "split-position")
        )
    return np.asarray(values, np.int64)
