"""CAST and PARSE_ functions as DuckDB macros: each with a twin under bq_safe_, which gives NULL where it would fail."""

INTEGER = r"\s*[+-]?([0-9]+|0[xX][0-9a-fA-F]+)\s*"
REAL = r"(?i)\s*[+-]?(([0-9]+\.?[0-9]*|\.[0-9]+)(e[+-]?[0-9]+)?|inf|infinity|nan)\s*"
TRUTH = r"(?i)true|false"
# Literal forms of GoogleSQL's reference (lexical structure, "date and time literals"). DuckDB reads many more.
DAY_FORM = "[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}"
CLOCK_FORM = r"([01]?[0-9]|2[0-3]):[0-5]?[0-9]:[0-5]?[0-9](\.[0-9]{1,6})?"
ZONE_FORM = "Z|[+-][0-9]{2}(:[0-9]{2})?| [A-Za-z]+(/[A-Za-z_/+-]+)?"
DATETIME_FORM = f"{DAY_FORM}([ T]{CLOCK_FORM})?"
TIMESTAMP_FORM = f"{DAY_FORM}([ T]{CLOCK_FORM}({ZONE_FORM})?)?"
# Read by BigQuery only, or not documented: a `t` or `z` in lower case, an offset of one digit, a zone after a day, no
# seconds. Such a text fails the query, also under SAFE_.
OTHER_CLOCK = r"[0-9]{1,2}:[0-9]{1,2}(:[0-9]{1,2}(\.[0-9]*)?)?"
OTHER_FORM = f"(?i){DAY_FORM}([ T]{OTHER_CLOCK})?( ?(Z|[+-][0-9]{{1,2}}(:[0-9]{{1,2}})?| [A-Z]+(/[A-Z_/+-]+)?))?"

FORMS = {
    "INTEGER": INTEGER, "REAL": REAL, "TRUTH": TRUTH, "DAY_FORM": DAY_FORM, "CLOCK_FORM": CLOCK_FORM,
    "DATETIME_FORM": DATETIME_FORM, "TIMESTAMP_FORM": TIMESTAMP_FORM, "OTHER_FORM": OTHER_FORM,
    "OTHER_CLOCK": OTHER_CLOCK,
}  # fmt: skip
AMBIGUOUS = """error('a form of a time that BigQuery may read in another way, write 2026-01-31 09:00:00+09:00 or use '
    || 'PARSE_TIMESTAMP: ' || CAST(x AS VARCHAR))"""

# {cast} is CAST, which fails, or TRY_CAST, which gives NULL; {bad} does the same for text that only DuckDB can read.
MACROS = {
    "int64(x)": """CASE
        WHEN typeof(x) IN ('DOUBLE', 'FLOAT') THEN {cast}(round({cast}(x AS DOUBLE)) AS BIGINT)
        WHEN typeof(x) = 'VARCHAR' AND NOT regexp_full_match(CAST(x AS VARCHAR), '{INTEGER}') THEN {bad}
        ELSE {cast}(x AS BIGINT) END""",  # a half is rounded away from zero, DuckDB's own cast rounds it to even
    "float64(x)": """CASE
        WHEN typeof(x) = 'VARCHAR' AND NOT regexp_full_match(CAST(x AS VARCHAR), '{REAL}') THEN {bad}
        ELSE {cast}(x AS DOUBLE) END""",
    "bool(x)": """CASE
        WHEN typeof(x) = 'VARCHAR' AND NOT regexp_full_match(CAST(x AS VARCHAR), '{TRUTH}') THEN {bad}
        ELSE {cast}(x AS BOOLEAN) END""",
    "date(x)": """CASE
        WHEN typeof(x) = 'VARCHAR' AND NOT regexp_full_match(CAST(x AS VARCHAR), '{DAY_FORM}') THEN {bad}
        ELSE {cast}(x AS DATE) END""",
    "time(x)": """CASE
        WHEN typeof(x) = 'VARCHAR' AND NOT regexp_full_match(CAST(x AS VARCHAR), '{CLOCK_FORM}') THEN {bad}
        ELSE {cast}(x AS TIME) END""",
    "datetime(x)": """CASE
        WHEN typeof(x) <> 'VARCHAR' OR regexp_full_match(CAST(x AS VARCHAR), '{DATETIME_FORM}')
        THEN {cast}(x AS TIMESTAMP)
        WHEN regexp_full_match(CAST(x AS VARCHAR), '(?i){DAY_FORM}[ T]{OTHER_CLOCK}') THEN {ambiguous}
        ELSE {bad} END""",
    "timestamp(x)": """CASE
        WHEN typeof(x) <> 'VARCHAR' OR regexp_full_match(CAST(x AS VARCHAR), '{TIMESTAMP_FORM}')
        THEN {cast}(x AS TIMESTAMPTZ)
        WHEN regexp_full_match(CAST(x AS VARCHAR), '{OTHER_FORM}') THEN {ambiguous}
        ELSE {bad} END""",
    # of PARSE_ functions: `moment` is the time of the text, as YYYY-MM-DD HH:MM:SS
    "parse(x, strict, loose, moment)": """CASE WHEN x IS NULL THEN NULL
        WHEN regexp_full_match(x, strict) THEN coalesce(TRY_CAST(moment AS TIMESTAMP), {bad})
        WHEN regexp_full_match(x, loose) THEN {ambiguous}
        ELSE {bad} END""",
    "parse_offset(x, strict, loose, moment)": """CASE WHEN x IS NULL THEN NULL
        WHEN regexp_full_match(x, strict) THEN coalesce(TRY_CAST(moment AS TIMESTAMPTZ), {bad})
        WHEN regexp_full_match(x, loose) THEN {ambiguous}
        ELSE {bad} END""",
    "string(x)": """CASE
        WHEN typeof(x) IN ('DOUBLE', 'FLOAT') OR starts_with(typeof(x), 'DECIMAL')
        THEN error('engines write a FLOAT64 as other texts: CAST it AS INT64 before, or keep the number')
        WHEN starts_with(typeof(x), 'TIMESTAMP')
        THEN error('engines write moments as other texts: use FORMAT_TIMESTAMP')
        ELSE CAST(x AS VARCHAR) END""",
}


def statements() -> dict[str, str]:
    """Name -> the SQL that creates it."""
    created = {}
    for form, body in MACROS.items():
        for prefix, cast, bad in (
            ("bq_", "CAST", f"error('cannot read as {_name(form)}: ' || CAST(x AS VARCHAR))"),
            ("bq_safe_", "TRY_CAST", "NULL"),
        ):
            text = body.format(cast=cast, bad=bad, ambiguous=AMBIGUOUS, **FORMS)
            created[f"{prefix}{form.split('(')[0]}"] = f"CREATE MACRO {prefix}{form} AS {text}"
    return created


def _name(form: str) -> str:
    name = form.split("(")[0]
    return "a time in its format" if name.startswith("parse") else name.upper()
