"""Whether the columns that rows have are those that a spec can be run on. Types are GoogleSQL's, by name."""

from collections.abc import Mapping

from model.errors import DataError, Problems
from model.expression import Expression
from model.spec.types import Spec

IDS = ("list", "item", "user")
NUMBERS = ("INT64", "FLOAT64", "BOOL", "STRING")  # texts are read as numbers, and what cannot be read is counted
TIMES = ("TIMESTAMP", "DATETIME", "DATE")
NESTED = ("ARRAY", "STRUCT", "MAP", "UNION")


def refuse_unfit(spec: Spec, types: Mapping[str, str]) -> None:
    """Raises DataError for every column that is absent, and for every role, feature, rule, slice and group of a type
    that cannot be meant."""
    problems = Problems()
    for name in spec.used_columns:
        if name not in types:
            problem = f"({_use(spec, name)}) is not in the SQL's result"
            hint = f"Select it, or change the spec. There: {', '.join(types)}"
            problems.add(f"column {name}", problem, hint, "column-missing")
    for where, name in _read_as_numbers(spec).items():
        if types.get(name, "INT64") not in NUMBERS:
            problems.add(where, f"is {types[name]}, not a number", _as_number(types[name]), "column-not-number")
    for where, name in _read_as_texts(spec).items():
        kind = types.get(name, "STRING")
        if kind in NESTED or (kind == "BYTES" and not where.startswith("columns.")):
            problem = f"is {kind}, which is not one value that can be compared"
            problems.add(where, problem, _as_text(kind), "column-not-text")
    time, explore = spec.columns.time, spec.columns.explore
    if time and types.get(time, "TIMESTAMP") not in TIMES:
        problem = f"(time) is {types[time]}, not a TIMESTAMP"
        problems.add(f"column {time}", problem, "Make it one in the SQL: TIMESTAMP(…)", "column-not-time")
    if explore and types.get(explore, "BOOL") not in ("INT64", "BOOL"):
        problem = f"(explore) is {types[explore]}, not 0 or 1"
        hint = "Make it 1 where the list was in random order, else 0"
        problems.add(f"column {explore}", problem, hint, "column-not-switch")
    problems.raise_if_any(DataError)


def _use(spec: Spec, name: str) -> str:
    if role := spec.columns.roles().get(name):
        return role
    if name in spec.features:
        return "a feature"
    rules = [rule.name for rule in spec.reject if name in Expression.parse(rule.expression).columns]
    return f"in reject rule {rules[0]!r}" if rules else "a slice, group or key"


def _read_as_numbers(spec: Spec) -> dict[str, str]:
    """Where the spec asks for a number -> the column."""
    roles = {f"columns.{role}": getattr(spec.columns, role) for role in ("label", "position", "propensity")}
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


def _as_number(kind: str) -> str:
    """How the SQL makes a number of it."""
    if kind in TIMES:
        return "Turn it into a number in the SQL, for example with DATE_DIFF or EXTRACT"
    if kind == "TIME":
        return "Turn it into a number in the SQL, for example EXTRACT(HOUR FROM …)"
    if kind == "ARRAY":
        return "Turn it into a number in the SQL, for example with ARRAY_LENGTH or one element"
    return "Turn it into a number in the SQL, or choose another column"


def _as_text(kind: str) -> str:
    if kind == "BYTES":
        return "Turn it into text in the SQL: TO_HEX(…)"
    return "Take one field or element of it in the SQL, or turn it into text"
