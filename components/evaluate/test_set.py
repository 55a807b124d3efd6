"""The test rows: what happened, where, in which list. One number per row and column, whatever text the ids are."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from model.errors import DataError, Problem
from model.spec.types import Spec
from model.sql import quoted

BATCH = 1 << 16
AGAIN = "Run preprocess again"


@dataclass(frozen=True)
class Rows:
    """Per row of the test part: label (0 or 1), and numbers from 0 for list, item and bootstrap unit.

    `unit` is the user, else the list, else the split's group, else the row; `unit_name` says which. `place` is the
    logged one.
    """

    label: NDArray[np.float64]
    unit: NDArray[np.int64]
    unit_name: str
    list: NDArray[np.int64] | None
    place: NDArray[np.int64] | None
    item: NDArray[np.int64] | None


def columns_of(path: Path) -> tuple[str, ...]:
    """Names of a part's columns. Raises DataError that names the file."""
    try:
        return tuple(pq.read_schema(path).names)
    except FileNotFoundError:
        raise DataError(
            Problem(str(path), "is missing", "Run the step that makes it: preprocess", "part-missing")
        ) from None
    except (pa.ArrowInvalid, OSError) as error:
        raise DataError(Problem(str(path), f"is not Parquet ({error})", AGAIN, "part-damaged")) from None


def require(path: Path, columns: Sequence[str]) -> None:
    """Raises DataError with every column that the file lacks."""
    known = columns_of(path)
    absent = [name for name in dict.fromkeys(columns) if name not in known]
    if absent:
        raise DataError(
            *(
                Problem(f"{path} {name}", "is missing", "Run preprocess with this spec", "part-column-missing")
                for name in absent
            )
        )


def batches(path: Path, columns: Sequence[str]) -> Iterator[pa.RecordBatch]:
    """Raises DataError for a file that breaks off."""
    try:
        with pq.ParquetFile(path) as file:
            yield from file.iter_batches(BATCH, columns=list(columns))
    except (pa.ArrowInvalid, OSError) as error:
        raise DataError(Problem(str(path), f"cannot be read ({error})", AGAIN, "part-damaged")) from None


def query(sql: str, **values: object) -> dict[str, NDArray[Any]]:
    """Columns of a DuckDB query; `$name` in the SQL stands for a value. Raises DataError when files are damaged."""
    with duckdb.connect(config={"threads": 1}) as base:
        try:
            found: dict[str, NDArray[Any]] = base.execute(sql, values or None).fetchnumpy()
        except duckdb.Error as error:
            first = str(error).splitlines()[0]
            raise DataError(
                Problem("a part of preprocess", f"cannot be read ({first})", AGAIN, "part-damaged")
            ) from None
    return found


def read_rows(spec: Spec, path: Path) -> Rows:
    """Raises DataError for missing columns, a label other than 0 and 1, and a part without rows."""
    columns = spec.columns
    unit_name, unit = next(((role, name) for role, name in _units(spec) if name), ("row", None))
    asked = {
        "label": columns.label,
        "list": columns.list,
        "place": columns.position,
        "item": columns.item,
        "unit": unit,
    }
    named = {role: name for role, name in asked.items() if name}
    require(path, tuple(dict.fromkeys(named.values())))
    label, place = quoted(columns.label), quoted(columns.position) if columns.position else None
    selected = [f"coalesce(cast({label} as double), -1) as label"]
    if place:
        selected.append(f"cast({place} as bigint) as place")
    selected += [f"{_key(named[role])} as {role}" for role in ("list", "item", "unit") if role in named]
    found = query(f"select {', '.join(selected)} from read_parquet($path, file_row_number = true)", path=str(path))
    _check_label(found["label"], f"{path} {columns.label}")
    return Rows(
        label=found["label"],
        unit=numbered(found["unit"]) if unit else np.arange(len(found["label"])),
        unit_name=unit_name,
        list=numbered(found["list"]) if "list" in found else None,
        place=_places(found["place"], f"{path} {columns.position}") if place else None,
        item=numbered(found["item"]) if "item" in found else None,
    )


def _units(spec: Spec) -> tuple[tuple[str, str | None], ...]:
    return (("user", spec.columns.user), ("list", spec.columns.list), (spec.split.group or "group", spec.split.group))


def _key(name: str) -> str:
    """64 bits for an id; a row without one stands alone."""
    return f"case when {quoted(name)} is null then hash(-1 - file_row_number) else hash({quoted(name)}) end"


def numbered(keys: NDArray[Any]) -> NDArray[np.int64]:
    """Keys -> numbers from 0 in order of first appearance, so that the hash itself leaves no trace."""
    _, first, inverse = np.unique(np.asarray(keys), return_index=True, return_inverse=True)
    number = np.empty(len(first), np.int64)
    number[np.argsort(first)] = np.arange(len(first))
    return number[inverse]


def _check_label(label: NDArray[np.float64], where: str) -> None:
    if not len(label):
        raise DataError(Problem(where, "has no rows", "Widen the window or the share of the test part", "part-empty"))
    strange = label[(label != 0) & (label != 1)]
    if len(strange):
        found = "is missing in a row" if strange[0] == -1 else f"is {strange[0]:g} in a row"
        raise DataError(Problem(where, found, "A label is 0 or 1 in every row; fix the SQL", "part-label"))


def _places(found: NDArray[Any], where: str) -> NDArray[np.int64]:
    if np.ma.isMaskedArray(found) or int(found.min()) < 1:
        raise DataError(
            Problem(where, "is missing or below 1 in a row", "Places count from 1; fix the SQL", "part-place")
        )
    return np.asarray(found, np.int64)
