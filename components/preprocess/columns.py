"""The rows as extract wrote them, read as the kinds that the spec declares."""

import re
from collections.abc import Mapping

import duckdb

from components.preprocess.engine import quoted
from model.errors import DataRefused, Faults
from model.expression import Expression
from model.spec import Spec

IDS = ("list", "item", "user")
DIGITS = 9  # significant: more than float32 holds, which is what a model reads
OFF_CENTRE = 1.000000000118  # no value that people write or average to lies where rounding then turns
NUMBERS = re.compile(r'U?(TINY|SMALL|BIG|HUGE)?INT(EGER)?|FLOAT|DOUBLE|DECIMAL\(.*\)|BOOLEAN|VARCHAR|"NULL"')
FLOATS = ("FLOAT", "DOUBLE")
# DuckDB's names of types that are neither numbers nor text, in GoogleSQL's words.
GOOGLESQL = {"BLOB": "BYTES", "VARCHAR": "STRING", "DOUBLE": "FLOAT64", "FLOAT": "FLOAT64", "BIGINT": "INT64"}


class Columns:
    """SQL for each column that later steps read, and for what makes a row unreadable."""

    def __init__(self, spec: Spec, types: Mapping[str, str]) -> None:
        self.spec = spec
        self.types = types
        roles = spec.columns
        self.label, self.time, self.position = roles.label, roles.time, roles.position
        self.numbers = [name for name, feature in spec.features.items() if feature.kind == "number"]
        in_rules = [name for rule in spec.reject for name in Expression.parse(rule.expression).columns]
        self.measures = list(dict.fromkeys([*self.numbers, *in_rules]))
        others = (roles.label, roles.time, roles.position, roles.explore, *self.measures)
        key = [name for name in roles.key if name not in others]
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
        needed = [name for name in (self.time, self.spec.columns.list, *self.spec.columns.key) if name]
        return found | {f"missing {name}": f"({quoted(name)} IS NULL)" for name in needed}

    def reproducible(self) -> dict[str, str]:
        """Name -> SQL that rounds a column read as DOUBLE to the digits on which sums of any order agree.

        The last bits of a sum follow the order in which it was added up, which no engine promises. Whole numbers are
        exact and stay as they are. What remains of values that cancel each other has no digits to agree on.
        """
        return {name: _rounded(quoted(name)) for name in self.measures if self.types[name] in FLOATS}

    def not_finite(self) -> dict[str, str]:
        """Name -> SQL of a column that may hold NaN or infinity, as it stands in the rows."""
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
            read = f"CAST({_unbounded(name)} AS DOUBLE)"
        return f"CASE WHEN isnan({read}) THEN NULL ELSE {read} END"


def _unbounded(name: str) -> str:
    """DuckDB believes a Parquet file's bounds when it optimises isnan away, and bounds leave NaN out. A CASE is nothing
    that it knows bounds of."""
    return f"CASE WHEN {quoted(name)} IS NULL THEN NULL ELSE {quoted(name)} END"


def _rounded(value: str) -> str:
    digits = f"{DIGITS - 1} - CAST(floor(log10(abs({value}))) AS INTEGER)"
    rounded = f"round({value} * {OFF_CENTRE!r}, {digits})"
    return f"CASE WHEN isfinite({value}) AND {value} <> trunc({value}) THEN {rounded} ELSE {value} END"


def types_of(connection: duckdb.DuckDBPyConnection, rows: str) -> dict[str, str]:
    """Name -> DuckDB type of the extracted rows."""
    return {row[0]: row[1] for row in connection.execute(f"DESCRIBE SELECT * FROM {rows}").fetchall()}


def refuse_unfit(spec: Spec, types: Mapping[str, str]) -> None:
    """Raises DataRefused for every column that is absent, and for every role, feature, rule, slice and group of a type
    that cannot be meant."""
    faults = Faults()
    for name in spec.used_columns:
        if name not in types:
            found = f"({_use(spec, name)}) is not in the rows"
            faults.add(f"column {name}", found, f"Select it in the SQL. There: {', '.join(types)}", "column-missing")
    for where, name in _read_as_numbers(spec).items():
        if name in types and not NUMBERS.fullmatch(types[name]):
            found = f"is {googlesql(types[name])}, not a number"
            faults.add(where, found, _as_number(types[name]), "column-not-number")
    for where, name in _read_as_texts(spec).items():
        if name in types and (_is_nested(types[name]) or (types[name] == "BLOB" and not where.startswith("columns."))):
            found = f"is {googlesql(types[name])}, which is not one value that can be compared"
            faults.add(where, found, _as_text(types[name]), "column-not-text")
    time, explore = spec.columns.time, spec.columns.explore
    if time and not types.get(time, "TIMESTAMP").startswith(("TIMESTAMP", "DATE")):
        found = f"(time) is {googlesql(types[time])}, not a TIMESTAMP"
        faults.add(f"column {time}", found, "Make it one in the SQL: TIMESTAMP(…)", "column-not-time")
    if explore and not types.get(explore, "BOOLEAN").endswith(("INT", "INTEGER", "BOOLEAN")):
        found = f"(explore) is {googlesql(types[explore])}, not 0 or 1"
        way_out = "Make it 1 where the list was in random order, else 0"
        faults.add(f"column {explore}", found, way_out, "column-not-switch")
    faults.raise_if_any(DataRefused)


def _use(spec: Spec, name: str) -> str:
    rules = [rule.name for rule in spec.reject if name in Expression.parse(rule.expression).columns]
    in_rule = f"in reject rule {rules[0]!r}" if rules else "a feature, slice, group or key"
    return spec.columns.roles().get(name, in_rule)


def _read_as_numbers(spec: Spec) -> dict[str, str]:
    """Where the spec asks for a number -> the column."""
    roles = {"columns.label": spec.columns.label, "columns.position": spec.columns.position}
    features = {f"features.{name}": name for name, feature in spec.features.items() if feature.kind == "number"}
    rules = {
        f"reject rule {rule.name!r}, column {name}": name
        for rule in spec.reject
        for name in Expression.parse(rule.expression).columns
    }
    return {where: name for where, name in (roles | features | rules).items() if name}


def _read_as_texts(spec: Spec) -> dict[str, str]:
    """Where the spec asks for values that are compared with each other -> the column."""
    features = {f"features.{name}": name for name, feature in spec.features.items() if feature.kind == "category"}
    slices = {f"promotion.slices {name}": name for name in spec.promotion.slices}
    ids = {f"columns.{role}": getattr(spec.columns, role) for role in IDS}
    keys = {f"columns.key {name}": name for name in spec.columns.key}
    group = {"split.group": spec.split.group}
    return {where: name for where, name in (features | slices | ids | keys | group).items() if name}


def _is_nested(kind: str) -> bool:
    return kind.endswith("]") or kind.startswith(("STRUCT", "MAP", "UNION"))


def googlesql(kind: str) -> str:
    """A DuckDB type in the words of GoogleSQL, without what is inside it."""
    if kind.endswith("]"):
        return "ARRAY"
    return GOOGLESQL.get(kind, kind.partition("(")[0].partition(" ")[0])


def _as_number(kind: str) -> str:
    """How the SQL makes a number of it."""
    if kind.startswith(("TIMESTAMP", "DATE")):
        return "Turn it into a number in the SQL, for example with DATE_DIFF or EXTRACT"
    if kind.startswith("TIME"):
        return "Turn it into a number in the SQL, for example EXTRACT(HOUR FROM …)"
    if kind.endswith("]"):
        return "Turn it into a number in the SQL, for example with ARRAY_LENGTH or one element"
    return "Turn it into a number in the SQL, or choose another column"


def _as_text(kind: str) -> str:
    if kind == "BLOB":
        return "Turn it into text in the SQL: TO_HEX(…)"
    return "Take one field or element of it in the SQL, or turn it into text"
