"""Parts of the expressions that the tables of answers have."""

FIELDS = """(
    SELECT CAST('2.5' AS FLOAT64) AS half, CAST('-2.5' AS FLOAT64) AS minus, CAST('0' AS FLOAT64) AS zero,
    'abc' AS text, TIMESTAMP '2026-01-31 20:15:30.5+00' AS moment, DATE '2026-01-31' AS day,
    DATETIME '2026-01-31 20:15:30.5' AS naive, TIME '20:15:30.5' AS clock, SHA256('abc') AS raw, 7 AS whole
)"""
NAN = "CAST('nan' AS FLOAT64)"
ROW_NUMBER_WHERE = """(
    SELECT MAX(r.n) FROM (
        SELECT x, ROW_NUMBER() OVER (ORDER BY x {}) AS n
        FROM UNNEST([1.5, CAST('-inf' AS FLOAT64), NULL, CAST('nan' AS FLOAT64), CAST('inf' AS FLOAT64)]) AS x
    ) AS r WHERE {}
)"""
ROW_NUMBER_OF_NULL = """(
    SELECT MAX(r.n) FROM (SELECT x, ROW_NUMBER() OVER (ORDER BY x {}) AS n FROM UNNEST([1, NULL, 2]) AS x) AS r
    WHERE r.x IS NULL
)"""


def window(call, order="ORDER BY x", rows="3, 1, 2"):
    """The largest answer of a window function over a few rows."""
    return f"(SELECT MAX(w.answer) FROM (SELECT {call} OVER ({order}) AS answer FROM UNNEST([{rows}]) AS x) AS w)"


def timestamp(text):
    """TIMESTAMP literal of a minute of 2026, for example 01-02 00:10."""
    return f"TIMESTAMP '2026-{text}:00+00'"


def over(values):
    """FROM clause of some values of x."""
    return f"FROM UNNEST([{values}]) AS x"
