"""The functions of the portable subset, by sqlglot's class names, and what to write in place of the others.

Each was compared with GoogleSQL's documented answers, or has one plain meaning in both engines;
tests/extract/test_semantics.py holds the comparison.
"""

_TIME = """
    Date DateAdd DateDiff DateFromParts DateFromUnixDate DateSub DateTrunc Datetime DatetimeAdd DatetimeDiff
    DatetimeSub DatetimeTrunc Extract GenerateDateArray LastDay ParseDatetime ParseTime SafeFunc StrToDate StrToTime
    TimeToStr Timestamp TimestampAdd TimestampDiff TimestampSub TimestampTrunc TsOrDsToDate TsOrDsToDatetime
    TsOrDsToTime TsOrDsToTimestamp UnixDate UnixMicros UnixMillis UnixSeconds UnixToTime WeekStart
"""
_NUMBERS = "Abs Ceil Exp FarmFingerprint Floor Greatest IsNan Least Log Pow Round SafeDivide Sign"
_TEXT = """
    Concat EndsWith JSONExtractScalar JSONFormat Length Lower LowerHex RegexpExtract RegexpLike RegexpReplace Replace
    SHA2Digest Split StartsWith StrPosition Substring Trim Upper
"""
_LOGIC = "And Case Cast Coalesce Exists If Nullif Or TryCast"
_ARRAYS = "Array ArraySize GenerateSeries Struct Unnest"
_AGGREGATES = """
    ApproxQuantiles ArgMax ArgMin ArrayAgg Avg Corr Count CountIf GroupConcat LogicalAnd LogicalOr Max Min
    PercentileCont Stddev StddevSamp Sum Variance
"""
_WINDOWS = "DenseRank FirstValue Lag LastValue Lead Ntile Rank RowNumber"
_TRAPPED = "AnyValue"  # known, and refused with its own words

ALLOWED = frozenset(" ".join((_TIME, _NUMBERS, _TEXT, _LOGIC, _ARRAYS, _AGGREGATES, _WINDOWS, _TRAPPED)).split())

_CLOCK = "Use @end: a query that reads the clock gives other rows every time"
INSTEAD = {
    "CurrentTimestamp": _CLOCK,
    "CurrentDate": _CLOCK,
    "CurrentDatetime": _CLOCK,
    "CurrentTime": _CLOCK,
    "SessionUser": "Who runs the query must not decide over its rows",
    "Rand": "Leave sampling to training.keep_negatives: a random query gives other rows every time",
    "Uuid": "Take an id from the tables: a random query gives other rows every time",
    "Format": "Use CONCAT and CAST",
    "Ln": "Use LOG(x, 2.718281828459045), or leave it to training: trees do not need it",
    "Sqrt": "Use POW(x, 0.5), or leave it to training: trees do not need it",
    "ApproxTopK": "Use COUNT(*), GROUP BY and ROW_NUMBER",
    "ApproxDistinct": "Use COUNT(DISTINCT x): the estimates of two engines differ",
    "ByteLength": "Use LENGTH, which counts characters",
    "Normalize": "Use LOWER or UPPER",
}
USUAL = "Compute it before the log is written, or write it with functions of the portable subset"
