"""The rows as extract wrote them, read as the kinds that the spec declares."""

import re
from collections.abc import Mapping

import duckdb

from model.expression import Expression
from model.spec.columns import IDS
from model.spec.types import Spec
from model.sql import quoted

DIGITS = 9  # significant: more than float32 holds, which is what a model reads
OFF_CENTRE = 1.000000000118  # moves values that people write, or that are averages, away from the edges of rounding
INTEGERS = re.compile(r"U?(TINY|SMALL|BIG|HUGE)?INT(EGER)?")
FLOATS = ("FLOAT", "DOUBLE")
# DuckDB's names of types, where GoogleSQL has another.
GOOGLESQL = {"BLOB": "BYTES", "VARCHAR": "STRING", "BOOLEAN": "BOOL", '"NULL"': "INT64"} | dict.fromkeys(
    ("FLOAT", "DOUBLE", "DECIMAL"), "FLOAT64"
)


class SqlColumns:
    """SQL for each column that later steps read, and for the rules by which a row is unreadable."""

    def __init__(self, spec: Spec, types: Mapping[str, str]) -> None:
        self.spec = spec
        self.types = types
        roles = spec.columns
        self.label, self.time, self.position = roles.label, roles.time, roles.position
        self.numbers = [name for name, feature in spec.features.items() if feature.kind == "number"]
        in_rules = [name for rule in spec.reject for name in Expression.parse(rule.expression).columns]
        self.measures = list(dict.fromkeys([*self.numbers, *in_rules]))
        typed = (roles.label, roles.time, roles.position, roles.explore, *self.measures)
        key = [name for name in roles.key if name not in typed]
        self.ids = list(dict.fromkeys([*(name for role in IDS if (name := getattr(roles, role))), *key]))
        categories = [name for name, feature in spec.features.items() if feature.kind == "category"]
        group = [spec.split.group] if spec.split.group else []
        self.texts = [
            name
            for name in dict.fromkeys([*categories, *spec.promotion.slices, *group])
            if name not in (*self.ids, *self.measures)
        ]
        self.explore = roles.explore

    def select(self) -> dict[str, str]:
        """Name -> SQL in the type of the splits."""
        selected = {self.label: self._label()}
        if self.time:
            selected[self.time] = f"CAST({quoted(self.time)} AS TIMESTAMP)"
        if self.position:
            selected[self.position] = self._position(self.position)
        if self.explore:
            selected[self.explore] = f"CAST({quoted(self.explore)} AS INTEGER)"
        selected |= {name: quoted(name) for name in self.ids} | {
            name: f"CAST({quoted(name)} AS VARCHAR)" for name in self.texts
        }
        return {name: self._number(name) for name in self.measures if name not in selected} | selected

    def in_splits(self) -> str:
        """SQL of every column in the files of the splits: ids as text, the label as 0 or 1."""
        kinds = {self.label: "TINYINT"} | dict.fromkeys(self.ids, "VARCHAR")
        names = [quoted(name) for name in self.select()]
        cast = {quoted(name): f"CAST({quoted(name)} AS {kind}) AS {quoted(name)}" for name, kind in kinds.items()}
        return ", ".join(cast.get(name, name) for name in names)

    def unreadable(self) -> dict[str, str]:
        """Implicit rule -> SQL that is true where a row cannot be used: a text is not a number, or an id is missing."""
        not_numbers = {
            f"unreadable {name}": f"({self._text(name)} IS NOT NULL AND TRY_CAST({self._text(name)} AS DOUBLE) IS NULL)"
            for name in self.measures
            if self.types[name] == "VARCHAR"
        }
        needed = [name for name in (self.time, self.spec.columns.list, *self.spec.columns.key) if name]
        return not_numbers | {f"missing {name}": f"({quoted(name)} IS NULL)" for name in needed}

    def reproducible(self) -> dict[str, str]:
        """Name -> SQL that rounds a column read as DOUBLE to the digits on which sums of any order agree.

        The last bits of a sum depend on the order of adding, which no engine promises. Whole numbers are exact and stay
        as they are. The rest of values that cancel each other has no digits that agree.
        """
        return {name: _rounded(quoted(name)) for name in self.measures if self.types[name] in FLOATS}

    def not_finite(self) -> dict[str, str]:
        """Name -> SQL of a column that may hold NaN or infinity, as extract wrote it."""
        return {
            name: _unbounded(name) if self.types[name] in FLOATS else f"TRY_CAST({self._text(name)} AS DOUBLE)"
            for name in self.measures
            if self.types[name] in (*FLOATS, "VARCHAR")
        }

    def _label(self) -> str:
        return (
            f"TRY_CAST({quoted(self.label)} AS DOUBLE)"
            if self.types[self.label] != "BOOLEAN"
            else f"CAST({quoted(self.label)} AS TINYINT)"
        )

    def _position(self, name: str) -> str:
        """A cast alone would round 1.5 to a position that was not logged."""
        position = f"TRY_CAST({quoted(name)} AS DOUBLE)"
        return f"CASE WHEN {position} = trunc({position}) THEN TRY_CAST({position} AS INTEGER) END"

    def _text(self, name: str) -> str:
        return f"NULLIF(TRIM({quoted(name)}), '')"

    def _number(self, name: str) -> str:
        if self.types[name] == "VARCHAR":
            read = f"TRY_CAST({self._text(name)} AS DOUBLE)"
        elif self.types[name] == "BOOLEAN":
            read = f"CAST(CAST({quoted(name)} AS TINYINT) AS DOUBLE)"
        else:
            read = f"CAST({_unbounded(name)} AS DOUBLE)"
        return f"CASE WHEN isnan({read}) THEN NULL ELSE {read} END"


def _unbounded(name: str) -> str:
    """DuckDB optimises isnan away by a Parquet file's bounds, which do not count NaN. It knows no bounds of a CASE."""
    return f"CASE WHEN {quoted(name)} IS NULL THEN NULL ELSE {quoted(name)} END"


def _rounded(value: str) -> str:
    digits = f"{DIGITS - 1} - CAST(floor(log10(abs({value}))) AS INTEGER)"
    rounded = f"round({value} * {OFF_CENTRE!r}, {digits})"
    return f"CASE WHEN isfinite({value}) AND {value} <> trunc({value}) THEN {rounded} ELSE {value} END"


def types_of(connection: duckdb.DuckDBPyConnection, rows: str) -> dict[str, str]:
    """Name -> DuckDB type of the extracted rows."""
    return {row[0]: row[1] for row in connection.execute(f"DESCRIBE SELECT * FROM {rows}").fetchall()}


def googlesql(kind: str) -> str:
    """A DuckDB type as GoogleSQL names it, without its inner types. Both kinds of TIMESTAMP are a TIMESTAMP."""
    if kind.endswith("]"):
        return "ARRAY"
    name = kind.partition("(")[0].partition(" ")[0]
    if name.startswith("TIMESTAMP"):
        return "TIMESTAMP"
    return "INT64" if INTEGERS.fullmatch(name) else GOOGLESQL.get(name, name)
