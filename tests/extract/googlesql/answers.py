"""All expressions that have an answer, by its type. Expressions of one type can stand in one query.

Values that DuckDB reads as a decimal when they are literals also stand here as columns, `f.half` and the like: engines
differ there.
"""

from tests.extract.googlesql.numbers import FLOAT64, INT64
from tests.extract.googlesql.texts import BOOL, STRING
from tests.extract.googlesql.times import DATE, DATETIME, TIME, TIMESTAMP

ANSWERS = {
    "INT64": INT64,
    "FLOAT64": FLOAT64,
    "STRING": STRING,
    "DATE": DATE,
    "TIMESTAMP": TIMESTAMP,
    "BOOL": BOOL,
    "DATETIME": DATETIME,
    "TIME": TIME,
}
