"""SQL that reads a query's rows as the kinds that the spec declares, with keys and the rules that they break."""

from collections.abc import Mapping

from artifacts.typed_rows import RAW, TypedRows
from model.sql import literal, quoted

DIGITS = 9  # significant: more than float32 holds, which is what a model reads
OFF_CENTRE = 1.000000000118  # moves values that people write, or that are averages, away from the edges of rounding


def typed_select(rows: TypedRows, source: str) -> str:
    """DuckDB's SQL of the rows of the relation `source`, in the columns of the files."""
    columns = [f"{_typed(rows, name)} AS {quoted(name)}" for name in rows.names]
    implicit = {rule.bit: _implicit(rule.name) for rule in rows.rules if rule.kind == "unreadable"}
    read = f"SELECT {', '.join(columns)}, {_raw(rows)} AS {RAW}, {_mask(implicit)} AS unreadable FROM {source}"
    declared = {len(implicit) + index: rule.bounds.outside_sql() for index, rule in enumerate(rows.spec.reject)}
    # Rules are over values as they were read, not over their text and not over what is rounded.
    flagged = f"SELECT * EXCLUDE (unreadable), unreadable | {_mask(declared)} AS broken FROM ({read})"
    floats = [name for name in rows.measures if rows.types[name] == "FLOAT64"]
    rounded = ", ".join(f"{_rounded(quoted(name))} AS {quoted(name)}" for name in floats)
    reproducible = f"SELECT * REPLACE ({rounded}) FROM ({flagged})" if rounded else flagged
    return f"SELECT *, {_row_key(rows)} AS row_key FROM ({reproducible})"


def _typed(rows: TypedRows, name: str) -> str:
    """SQL in the type of the splits. An id keeps its own type until then."""
    column = quoted(name)
    if name == rows.label:
        return f"CAST({column} AS TINYINT)" if rows.types[name] == "BOOL" else f"TRY_CAST({column} AS DOUBLE)"
    if name == rows.time:
        # UTC by arithmetic: DuckDB's own cast uses a calendar of time zones, which is ten times as slow.
        moment = f"make_timestamp(epoch_us({column}))"
        return moment if rows.types[name] == "TIMESTAMP" else f"CAST({column} AS TIMESTAMP)"
    if name == rows.position:  # a cast alone would round 1.5 to a position that was not logged
        position = f"TRY_CAST({column} AS DOUBLE)"
        return f"CASE WHEN {position} = trunc({position}) THEN TRY_CAST({position} AS INTEGER) END"
    if name == rows.explore:
        return f"CAST({column} AS INTEGER)"
    if name in rows.ids:
        return column
    if name in rows.texts:
        return f"CAST({column} AS VARCHAR)"
    number = _number(rows.types[name], name)
    return f"CASE WHEN isnan({number}) THEN NULL ELSE {number} END"


def _number(kind: str, name: str) -> str:
    if kind == "STRING":
        return f"TRY_CAST({_text(name)} AS DOUBLE)"
    if kind == "BOOL":
        return f"CAST(CAST({quoted(name)} AS TINYINT) AS DOUBLE)"
    # DuckDB optimises isnan away by a Parquet file's bounds, which do not count NaN. It knows no bounds of a CASE.
    return f"CAST(CASE WHEN {quoted(name)} IS NULL THEN NULL ELSE {quoted(name)} END AS DOUBLE)"


def _text(name: str) -> str:
    return f"NULLIF(TRIM({quoted(name)}), '')"


def _raw(rows: TypedRows) -> str:
    """The texts by column of a row that has one at least. Few rows have, so that the map is built for few."""
    wrong = {name: _is_not_finite(rows.types[name], name) for name in rows.floats_and_texts}
    label = _typed(rows, rows.label)
    wrong[rows.label] = f"{label} IS NULL OR {label} NOT IN (0, 1)"
    entries = (
        f"CASE WHEN {condition} THEN {{'key': {literal(name)}, 'value': CAST({quoted(name)} AS VARCHAR)}} END"
        for name, condition in wrong.items()
    )
    entry_map = f"map_from_entries(list_filter([{', '.join(entries)}], lambda x: x IS NOT NULL))"
    return f"CASE WHEN {' OR '.join(wrong.values())} THEN {entry_map} END"


def _is_not_finite(kind: str, name: str) -> str:
    if kind == "STRING":
        return f"{_text(name)} IS NOT NULL AND isfinite({_number(kind, name)}) IS NOT true"
    return f"NOT isfinite({_number(kind, name)})"


def _implicit(rule: str) -> str:
    """True where a row cannot be used: a text is not a number, or an id is missing."""
    word, _, name = rule.partition(" ")
    if word == "missing":
        return f"{quoted(name)} IS NULL"
    return f"{_text(name)} IS NOT NULL AND TRY_CAST({_text(name)} AS DOUBLE) IS NULL"


def _mask(conditions: Mapping[int, str]) -> str:
    """The bits of every condition that is true."""
    bits = [f"(CASE WHEN {condition} THEN {1 << bit} ELSE 0 END)" for bit, condition in conditions.items()]
    return f"CAST({' | '.join(bits) or '0'} AS BIGINT)"


def _rounded(value: str) -> str:
    """Rounded to the digits on which sums of any order agree.

    The last bits of a sum depend on the order of adding, which no engine promises. Whole numbers are exact and stay as
    they are. The rest of values that cancel each other has no digits that agree.
    """
    digits = f"{DIGITS - 1} - CAST(floor(log10(abs({value}))) AS INTEGER)"
    rounded = f"round({value} * {OFF_CENTRE!r}, {digits})"
    return f"CASE WHEN isfinite({value}) AND {value} <> trunc({value}) THEN {rounded} ELSE {value} END"


def _row_key(rows: TypedRows) -> str:
    """Of the columns that identify a row; a row without one of its ids is its content."""
    if not rows.key.columns:
        return rows.content()
    key = f"hash({', '.join(map(quoted, rows.key.columns))})"
    return f"CASE WHEN {rows.key.is_complete()} THEN {key} ELSE {rows.content()} END"
