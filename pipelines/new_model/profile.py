"""Statistics of the columns: counts, different values, quantiles, and the conversions of each value.

Memory does not grow with the rows: HyperLogLog counts different values, and quantiles come from a sample of rows by
their hash, so the same table always gives the same statistics.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from components.preprocess.duckdb_session import session, set_memory_limit
from model.sql import literal, quoted

SAMPLE = 200_000  # rows
LEVELS = 100  # different values up to which each one is a group
COLUMNS_PER_QUERY = 40
QUANTILES = (0.001, 0.5, 0.999)
NUMBERS = ("INT64", "FLOAT64")
PROFILED = (*NUMBERS, "STRING", "BOOL")  # other types are times, or nothing that a model reads


@dataclass(frozen=True)
class Group:
    """Rows with something in common: what it is, how many they are, and how many of them convert."""

    description: str
    rows: int
    conversions: int


@dataclass(frozen=True)
class ColumnProfile:
    """One column. `distinct` is an estimate, of values that are not missing; quantiles are of the finite numbers.

    `readable` counts texts that are numbers, `padded` those of them that a number could not give back (007).
    """

    name: str
    kind: str
    present: int
    distinct: int
    readable: int = 0
    padded: int = 0
    low: float | None = None
    high: float | None = None
    quantiles: tuple[float, ...] = ()
    groups: tuple[Group, ...] = ()


@dataclass(frozen=True)
class Profile:
    """Statistics of all rows; `columns` by name."""

    rows: int
    conversions: int
    columns: Mapping[str, ColumnProfile]

    @property
    def rate(self) -> float:
        return self.conversions / self.rows


class Profiler:
    """Over the Parquet files that a TableReader wrote into `folder`; the label is 0, 1 or a BOOL there."""

    def __init__(self, folder: Path, label: str, types: Mapping[str, str]) -> None:
        self._folder, self._types = folder, types
        self._rows = f"read_parquet({literal(str(folder / 'rows' / '*.parquet'))})"
        self._label = f"CAST({quoted(label)} AS INTEGER)"

    def profile(self, names: Sequence[str]) -> Profile:
        with session(self._folder) as connection:
            set_memory_limit(connection, len(self._types))
            self._connection = connection
            ((rows, conversions),) = self._query(f"count(*), CAST(sum({self._label}) AS BIGINT)")
            columns = [column for chunk in _chunks(names) for column in self._columns(chunk, rows)]
        return Profile(rows, conversions, {column.name: column for column in columns})

    def outside(self, bounds: Mapping[str, tuple[float | None, float | None]]) -> dict[str, int]:
        """Rows of each column that are outside its bounds."""
        outside: dict[str, int] = {}
        with session(self._folder) as connection:
            self._connection = connection
            for chunk in _chunks(list(bounds)):
                counts = ", ".join(f"count(*) FILTER ({_outside(name, *bounds[name])})" for name in chunk)
                outside |= dict(zip(chunk, self._query(counts)[0], strict=True))
        return outside

    def identifies(self, name: str) -> bool:
        """Whether every row has a value of its own in this column."""
        with session(self._folder) as connection:
            self._connection = connection
            repeated = self._query(quoted(name), f"GROUP BY 1 HAVING count(*) > 1 OR {quoted(name)} IS NULL LIMIT 1")
        return not repeated

    def _query(self, expressions: str, clauses: str = "") -> list[tuple[Any, ...]]:
        return self._connection.execute(f"SELECT {expressions} FROM {self._rows} {clauses}").fetchall()

    def _columns(self, names: Sequence[str], rows: int) -> Iterable[ColumnProfile]:
        summaries = [self._summary(name) for name in names]
        (row,) = self._query(", ".join(f"[{', '.join(summary)}]" for summary in summaries))
        ends = self._ends([name for name in names if self._types[name] in NUMBERS], rows)
        for name, counts in zip(names, row, strict=True):
            present, distinct, readable, padded, converted, other, other_converted = counts
            groups = [Group("it is not missing", present, converted)] if present < rows else []
            groups += [Group("it is not 0", other, other_converted)] if other else []
            if distinct <= LEVELS:
                levels = self._levels(name)
                groups, distinct = [*groups, *levels], len(levels)
            low, high, *quantiles = ends.get(name, (None, None))
            kind = self._types[name]
            yield ColumnProfile(
                name, kind, present, distinct, readable, padded, low, high, tuple(quantiles), tuple(groups)
            )

    def _summary(self, name: str) -> list[str]:
        """SQL of counts: present, distinct, readable, padded, conversions where present; rows that are not 0, and their
        conversions."""
        column, is_text = quoted(name), self._types[name] == "STRING"
        text = f"trim({column})"
        present = f"{column} IS NOT NULL" + (f" AND {text} <> ''" if is_text else "")
        present += f" AND NOT isnan({_number(name)})" if self._types[name] == "FLOAT64" else ""
        readable = f"{present} AND TRY_CAST({text} AS DOUBLE) IS NOT NULL" if is_text else "false"
        padded = f"{present} AND regexp_full_match({text}, '0[0-9]+')" if is_text else "false"
        other = f"{present} AND {column} <> 0" if self._types[name] in NUMBERS else "false"
        counts = [f"count(*) FILTER ({present})", f"approx_count_distinct({column})"]
        counts += [f"count(*) FILTER ({readable})", f"count(*) FILTER ({padded})", self._converted(present)]
        return [*counts, f"count(*) FILTER ({other})", self._converted(other)]

    def _converted(self, condition: str) -> str:
        return f"count(*) FILTER ({condition} AND {self._label} = 1)"

    def _ends(self, names: Sequence[str], rows: int) -> dict[str, tuple[float, ...]]:
        """Least and greatest finite number, and quantiles; no entry for a column without a finite number."""
        all_columns = ", ".join(quoted(name) for name in self._types)
        share = -(-rows // SAMPLE)
        sample = f"hash({all_columns}) % {share} = 0" if share > 1 else "true"
        ends = {}
        for name in names:
            number = _number(name)
            quantile_sql = f"quantile_cont({number}, {list(QUANTILES)}) FILTER ({sample})"
            ((low, high, quantiles),) = self._query(
                f"min({number}), max({number}), {quantile_sql}", f"WHERE isfinite({number})"
            )
            if low is not None and quantiles is not None:
                ends[name] = (low, high, *quantiles)
        return ends

    def _levels(self, name: str) -> list[Group]:
        column = quoted(name)
        levels = self._query(
            f"CAST({column} AS VARCHAR), count(*), {self._converted('true')}",
            f"WHERE {column} IS NOT NULL GROUP BY 1 ORDER BY 2 DESC, 1",
        )
        return [Group(f"it is {value}", rows, converted) for value, rows, converted in levels]


def _number(name: str) -> str:
    """The CASE hides a Parquet file's bounds: they leave NaN out, and DuckDB uses them to look for NaN."""
    return f"CAST(CASE WHEN {quoted(name)} IS NULL THEN NULL ELSE {quoted(name)} END AS DOUBLE)"


def _outside(name: str, low: float | None, high: float | None) -> str:
    number = _number(name)
    sides = [f"{number} < {low!r}"] if low is not None else []
    sides += [f"{number} > {high!r}"] if high is not None else []
    return " OR ".join(sides) or "false"


def _chunks(names: Sequence[str]) -> Iterable[Sequence[str]]:
    return (names[first : first + COLUMNS_PER_QUERY] for first in range(0, len(names), COLUMNS_PER_QUERY))
