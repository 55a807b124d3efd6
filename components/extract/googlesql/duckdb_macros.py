"""A DuckDB connection that answers translated queries as BigQuery documents them."""

import duckdb
import farmhash

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
TIED = "rows are tied in an order"
# {best} is max or min. Tied rows have one value when the greatest and the least hash of their values are the same one.
# When arg_max and arg_max_null differ, the value of the best row is NULL.
BY = """CASE
    WHEN ({best}({{'y': y, 'h': hash(x)}}) FILTER (WHERE y IS NOT NULL)).h
        <> ~(({best}({{'y': y, 'h': ~hash(x)}}) FILTER (WHERE y IS NOT NULL)).h)
    THEN error('{TIED}: {BEST}_BY takes any of them')
    WHEN arg_{best}(x, y) IS NOT DISTINCT FROM arg_{best}_null(x, y) THEN arg_{best}(x, y)
    ELSE error('{BEST}_BY may return its NULL or skip it: put IFNULL around its value, or use ROW_NUMBER') END"""
# `peers` rows have the rank `rank` of this row in the order; `number` is the row's own number.
UNTIED = {
    "bq_untied(x, peers)": f"CASE WHEN peers > 1 THEN error('{TIED}') ELSE x END",
    "bq_untied_until(x, rank, peers, n)": f"""CASE
        WHEN rank <= n AND rank + peers - 1 > n THEN error('{TIED}') ELSE x END""",
    "bq_limit(number, rank, peers, skipped, n)": f"""CASE
        WHEN rank <= skipped AND rank + peers - 1 > skipped THEN error('{TIED}')
        WHEN rank <= skipped + n AND rank + peers - 1 > skipped + n THEN error('{TIED}')
        ELSE number > skipped AND number <= skipped + n END""",
}
# The number is the same; the text may be 1.5 where the document has 1.50.
JSON_TEXT = """CASE WHEN kind = 'DOUBLE'
    THEN error('engines write a number with a fraction as other texts: CAST what JSON_VALUE gives AS FLOAT64')
    ELSE x END"""
WHOLE_IN_JSON = """CASE WHEN abs(x::HUGEINT) > 9007199254740992
    THEN error('TO_JSON_STRING writes integers beyond 2^53 as text on BigQuery: CAST them AS STRING') ELSE x END"""
UNIX = "(epoch_us(x) - (epoch_us(x) % micros + micros) % micros) // micros"  # down, also before 1970
# Days of UTC by arithmetic: DuckDB's own cast uses a calendar of time zones, which is nine times as slow.
DAY = """CASE WHEN typeof(x) = 'TIMESTAMP WITH TIME ZONE'
    THEN CAST(make_timestamp(epoch_us(CAST(x AS TIMESTAMPTZ))) AS DATE) ELSE CAST(x AS DATE) END"""
# A cast that fails, because DuckDB does not allow error() in the orders and partitions of windows.
NAN = "a NaN is compared"
COMPARABLE = f"""CASE WHEN typeof(x) = 'DOUBLE' AND isnan(CAST(x AS DOUBLE))
    THEN list_extract([x], CAST('{NAN}' AS BIGINT)) ELSE x END"""
ORDER = """CASE
    WHEN typeof(x) <> 'DOUBLE' THEN x
    WHEN isnan(CAST(x AS DOUBLE)) THEN cast_to_type('-infinity', x)
    WHEN CAST(x AS DOUBLE) = '-infinity' THEN cast_to_type('-1.7976931348623157e308', x)
    ELSE x END"""  # NaN, -infinity and all others, as one key: a RANGE allows no second one
FINITE = """CASE WHEN isfinite(CAST(x AS DOUBLE)) OR x IS NULL THEN x
    ELSE error('a result of LOG, POW or EXP is out of range') END"""


# Letters without a capital of their own, and those whose small form depends on what stands beside them.
CASES = {
    "upper": "".join(letter for letter in map(chr, range(0xDF, 0xFB18)) if len(letter.upper()) > 1),
    "lower": "\u0130\u03a3",
}
CASED = """CASE WHEN regexp_matches(x, '[{letters}]')
    THEN error('engines write a letter of it in other ways in {name}, REPLACE it before: ' || x)
    ELSE {name}(x) END"""


def connect() -> duckdb.DuckDBPyConnection:
    """UTC, NULLs as the smallest value in every order, GoogleSQL's casts and fingerprints."""
    connection = duckdb.connect()
    connection.execute("SET TimeZone='UTC'; SET default_null_order='sqlite'; SET preserve_insertion_order=false")
    for form, body in MACROS.items():
        for prefix, cast, bad in (
            ("bq_", "CAST", f"error('cannot read as {_name(form)}: ' || CAST(x AS VARCHAR))"),
            ("bq_safe_", "TRY_CAST", "NULL"),
        ):
            text = body.format(cast=cast, bad=bad, ambiguous=AMBIGUOUS, **FORMS)
            connection.execute(f"CREATE MACRO {prefix}{form} AS {text}")
    for best in ("max", "min"):
        connection.execute(f"CREATE MACRO bq_{best}_by(x, y) AS {BY.format(best=best, BEST=best.upper(), TIED=TIED)}")
    for form, text in UNTIED.items():
        connection.execute(f"CREATE MACRO {form} AS {text}")
    for name, letters in CASES.items():
        connection.execute(f"CREATE MACRO bq_{name}(x) AS {CASED.format(name=name, letters=letters)}")
    connection.execute(f"CREATE MACRO bq_json_text(x, kind) AS {JSON_TEXT}")
    connection.execute(f"CREATE MACRO bq_whole_in_json(x) AS {WHOLE_IN_JSON}")
    connection.execute(f"CREATE MACRO bq_unix(x, micros) AS {UNIX}")
    connection.execute(f"CREATE MACRO bq_day(x) AS {DAY}")
    connection.execute(f"CREATE MACRO bq_comparable(x) AS {COMPARABLE}")
    connection.execute(f"CREATE MACRO bq_order(x) AS {ORDER}")
    connection.execute(f"CREATE MACRO bq_finite(x) AS {FINITE}")
    connection.create_function("farm_fingerprint", _fingerprint, ["VARCHAR"], "BIGINT")
    return connection


def _name(form: str) -> str:
    name = form.split("(")[0]
    return "a time in its format" if name.startswith("parse") else name.upper()


def _fingerprint(text: str) -> int:
    value: int = farmhash.fingerprint64(text)
    return value - (1 << 64) if value >= 1 << 63 else value
