"""Functions of one name and two meanings as DuckDB macros, with GoogleSQL's answers."""

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
FOUR_DIGITS = """CASE WHEN year(x) < 1000
    THEN error('engines write a year before 1000 as other texts in %Y, use %E4Y') ELSE x END"""
# Where clocks go back they show an hour twice: GoogleSQL takes the first, DuckDB the last.
MOMENT = """CASE WHEN timezone(zone, timezone(zone, x) - INTERVAL 1 HOUR) = x THEN timezone(zone, x) - INTERVAL 1 HOUR
    WHEN timezone(zone, timezone(zone, x) - INTERVAL 30 MINUTE) = x THEN timezone(zone, x) - INTERVAL 30 MINUTE
    ELSE timezone(zone, x) END"""  # half an hour: Australia/Lord_Howe
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

INDEX = """CASE WHEN x IS NULL OR i IS NULL THEN NULL
    WHEN i < first OR i - first >= len(x) THEN error('an index is outside of its array, use SAFE_OFFSET')
    ELSE x[i - first + 1] END"""
JSON_TEXTS = """CASE WHEN coalesce(json_type(x, path), '') <> 'ARRAY' THEN NULL
    WHEN len(list_filter(json_extract(x, path || '[*]'), lambda e: json_type(e) IN ('ARRAY', 'OBJECT'))) > 0 THEN NULL
    WHEN len(list_filter(json_extract(x, path || '[*]'), lambda e: json_type(e) = 'DOUBLE')) > 0
    THEN error('engines write a number with a fraction as other texts: write it as text in the log')
    ELSE list_transform(json_extract(x, path || '[*]'), lambda e: json_extract_string(e, '$')) END"""
BUCKET = """CASE WHEN x IS NULL THEN NULL
    WHEN bounds <> list_sort(bounds) THEN error('the bounds of RANGE_BUCKET are not sorted')
    ELSE len(list_filter(bounds, lambda bound: bound <= x)) END"""
# {bad} is an error, or NULL under SAFE.
GUARDED = {
    "left(x, n)": "CASE WHEN n < 0 THEN {bad} ELSE left(x, n) END",
    "right(x, n)": "CASE WHEN n < 0 THEN {bad} ELSE right(x, n) END",
    "repeat(x, n)": "CASE WHEN n < 0 THEN {bad} ELSE repeat(x, n) END",
    "lpad(x, n, fill)": "CASE WHEN n < 0 OR fill = '' THEN {bad} ELSE lpad(x, CAST(n AS INTEGER), fill) END",
    "rpad(x, n, fill)": "CASE WHEN n < 0 OR fill = '' THEN {bad} ELSE rpad(x, CAST(n AS INTEGER), fill) END",
    # a start of 0 is 1; a negative one counts from the end, and is the first one where the text is shorter
    "substr(x, start)": "CASE WHEN start > 0 THEN substr(x, start) WHEN start = 0 THEN x ELSE right(x, -start) END",
    "substr_of(x, start, n)": """CASE WHEN n < 0 THEN {bad} WHEN start > 0 THEN substr(x, start, n)
        WHEN start = 0 THEN left(x, n) ELSE left(right(x, -start), n) END""",
}
VALUES = {
    "bq_json_text(x, kind)": JSON_TEXT,
    "bq_json_texts(x, path)": JSON_TEXTS,
    "bq_whole_in_json(x)": WHOLE_IN_JSON,
    "bq_unix(x, micros)": UNIX,
    "bq_day(x)": DAY,
    "bq_four_digits(x)": FOUR_DIGITS,
    "bq_moment(zone, x)": MOMENT,
    "bq_comparable(x)": COMPARABLE,
    "bq_order(x)": ORDER,
    "bq_finite(x)": FINITE,
    "bq_index(x, i, first)": INDEX,
    "bq_range_bucket(x, bounds)": BUCKET,
    "bq_concat(x, y)": "CASE WHEN x IS NULL OR y IS NULL THEN NULL ELSE list_concat(x, y) END",
    "bq_iterations(n, most)": """CASE WHEN n > most
        THEN error('WITH RECURSIVE has more than ' || most || ' iterations, which BigQuery refuses') ELSE n END""",
    **{f"bq_{name}(x)": CASED.format(name=name, letters=letters) for name, letters in CASES.items()},
    **{f"bq_{form}": body.format(bad=f"error('{form.split('(')[0].upper()}: an argument is out of range')")
       for form, body in GUARDED.items()},
    **{f"bq_safe_{form}": body.format(bad="NULL") for form, body in GUARDED.items()},
}  # fmt: skip
