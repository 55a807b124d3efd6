"""The rows as extract wrote them, read as the kinds that the spec declares."""

from collections.abc import Mapping

import duckdb

from components.preprocess.engine import quoted
from model.errors import DataRefused, Faults
from model.expression import Expression
from model.spec import Spec

IDS = ("list", "item", "user")


class Columns:
    """SQL for each column that later steps read, and for what makes a row unreadable."""

    def __init__(self, spec: Spec, types: Mapping[str, str]) -> None:
        self.spec = spec
        self.types = types
        roles = spec.columns
        self.label, self.time, self.position = roles.label, roles.time, roles.position
        self.ids = [name for role in IDS if (name := getattr(roles, role))]
        self.numbers = [name for name, feature in spec.features.items() if feature.kind == "number"]
        in_rules = [name for rule in spec.reject for name in Expression.parse(rule.expression).columns]
        self.measures = list(dict.fromkeys([*self.numbers, *in_rules]))
        categories = [name for name, feature in spec.features.items() if feature.kind == "category"]
        group = [spec.split.group] if spec.split.group else []
        self.texts = [
            name
            for name in dict.fromkeys([*categories, *spec.promotion.slices, *group])
            if name not in (*self.ids, *self.measures)
        ]
        self.explore = roles.explore

    def select(self) -> dict[str, str]:
        """Name -> SQL in the type of the parts."""
        asked = {self.label: self._label()}
        if self.time:
            asked[self.time] = f"CAST({quoted(self.time)} AS TIMESTAMP)"
        if self.position:
            asked[self.position] = self._place(self.position)
        if self.explore:
            asked[self.explore] = f"CAST({quoted(self.explore)} AS INTEGER)"
        asked |= {name: quoted(name) for name in self.ids} | {
            name: f"CAST({quoted(name)} AS VARCHAR)" for name in self.texts
        }
        return {name: self._number(name) for name in self.measures if name not in asked} | asked

    def in_parts(self) -> str:
        """SQL of every column as the parts hold it: ids as text, the label as 0 or 1."""
        kinds = {self.label: "TINYINT"} | dict.fromkeys(self.ids, "VARCHAR")
        names = [quoted(name) for name in self.select()]
        cast = {quoted(name): f"CAST({quoted(name)} AS {kind}) AS {quoted(name)}" for name, kind in kinds.items()}
        return ", ".join(cast.get(name, name) for name in names)

    def unreadable(self) -> dict[str, str]:
        """Implicit rule -> SQL that is true where a row cannot be used whatever its values mean."""
        found = {
            f"unreadable {name}": f"({self._text(name)} IS NOT NULL AND TRY_CAST({self._text(name)} AS DOUBLE) IS NULL)"
            for name in self.measures
            if self.types[name] == "VARCHAR"
        }
        needed = [name for name in (self.time, self.spec.columns.list) if name]
        return found | {f"missing {name}": f"({quoted(name)} IS NULL)" for name in needed}

    def _label(self) -> str:
        return (
            f"TRY_CAST({quoted(self.label)} AS DOUBLE)"
            if self.types[self.label] != "BOOLEAN"
            else f"CAST({quoted(self.label)} AS TINYINT)"
        )

    def _place(self, name: str) -> str:
        """A cast alone would round 1.5 to a place that nobody logged."""
        place = f"TRY_CAST({quoted(name)} AS DOUBLE)"
        return f"CASE WHEN {place} = trunc({place}) THEN TRY_CAST({place} AS INTEGER) END"

    def _text(self, name: str) -> str:
        return f"NULLIF(TRIM({quoted(name)}), '')"

    def _number(self, name: str) -> str:
        if self.types[name] == "VARCHAR":
            read = f"TRY_CAST({self._text(name)} AS DOUBLE)"
        elif self.types[name] == "BOOLEAN":
            read = f"CAST(CAST({quoted(name)} AS TINYINT) AS DOUBLE)"
        else:
            # DuckDB believes a Parquet file's bounds when it optimises isnan away, and bounds leave NaN out. A CASE
            # is nothing that it knows bounds of.
            read = f"CAST(CASE WHEN {quoted(name)} IS NULL THEN NULL ELSE {quoted(name)} END AS DOUBLE)"
        return f"CASE WHEN isnan({read}) THEN NULL ELSE {read} END"


def types_of(connection: duckdb.DuckDBPyConnection, rows: str) -> dict[str, str]:
    """Name -> DuckDB type of the extracted rows."""
    return {row[0]: row[1] for row in connection.execute(f"DESCRIBE SELECT * FROM {rows}").fetchall()}


def refuse_unfit(spec: Spec, types: Mapping[str, str]) -> None:
    """Raises DataRefused for every column that is absent, and for roles and features of a type that cannot be meant."""
    faults = Faults()
    roles = spec.columns.roles()
    for name in spec.used_columns:
        if name not in types:
            rules = [rule.name for rule in spec.reject if name in Expression.parse(rule.expression).columns]
            role = roles.get(name) or (f"in reject rule {rules[0]!r}" if rules else "a feature, slice or group")
            faults.add(
                f"column {name}", f"({role}) is not in the rows", f"Select it in the SQL. There: {', '.join(types)}"
            )
    time = spec.columns.time
    if time and not types.get(time, "TIMESTAMP").startswith(("TIMESTAMP", "DATE")):
        faults.add(
            f"column {time}", f"(time) is {types[time]}, not a TIMESTAMP", "Make it one in the SQL: TIMESTAMP(…)"
        )
    explore = spec.columns.explore
    if explore and not types.get(explore, "BOOLEAN").endswith(("INT", "INTEGER", "BOOLEAN")):
        found = f"(explore) is {types[explore]}, not 0 or 1"
        faults.add(f"column {explore}", found, "Make it 1 where the list was in random order, else 0")
    for name, feature in spec.features.items():
        if feature.kind == "number" and types.get(name, "").startswith(("TIMESTAMP", "DATE", "STRUCT", "MAP")):
            faults.add(f"features.{name}", f"is {types[name]}, not a number", "Turn it into a number in the SQL")
    faults.raise_if_any(DataRefused)
