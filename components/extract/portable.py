"""GoogleSQL on DuckDB: translated where the meaning stays the same, refused by name where it would not.

sqlglot translates; what it maps to another meaning is put right here, and only functions that were compared with the
documented answers (tests/extract/test_semantics.py) are let through. A wrong number would be worse than a refusal.
"""

from collections.abc import Iterator

import duckdb
import farmhash
import sqlglot
from sqlglot import ErrorLevel, exp

from components.extract.functions import ALLOWED, INSTEAD, USUAL
from model.errors import Fault, SpecRefused


class UnsupportedLocally(SpecRefused):
    heading = "the SQL would not mean the same on BigQuery and on files"


def to_duckdb(sql: str) -> tuple[str, list[exp.Table]]:
    """DuckDB SQL and the tables that it reads (not those of WITH). Raises UnsupportedLocally or SpecRefused."""
    query = _parse(sql)
    if faults := list(dict.fromkeys(_faults(query))):
        raise UnsupportedLocally(*faults)
    names = {cte.alias.casefold() for cte in query.find_all(exp.CTE)}
    tables = [table for table in query.find_all(exp.Table) if table.db or table.name.casefold() not in names]
    try:
        return query.transform(_mend).sql(dialect="duckdb", unsupported_level=ErrorLevel.RAISE), tables
    except sqlglot.errors.UnsupportedError as error:
        raise UnsupportedLocally(Fault("SQL", f"cannot be translated ({error})", USUAL)) from None


def parameters(sql: str) -> set[str]:
    """The names that the query asks for, without their @. Raises SpecRefused."""
    return {parameter.name.lower() for parameter in _parse(sql).find_all(exp.Parameter)}


def _parse(sql: str) -> exp.Query:
    try:
        statements = sqlglot.parse(sql, read="bigquery", error_level=ErrorLevel.RAISE)
    except sqlglot.errors.SqlglotError as error:
        raise SpecRefused(_syntax(error)) from None
    written = [statement for statement in statements if statement and not isinstance(statement, exp.Semicolon)]
    query = written[0] if len(written) == 1 else None
    if not isinstance(query, exp.Query):
        found = f"is {query.key.upper()}, not a SELECT" if query else f"holds {len(written)} statements, not one"
        raise SpecRefused(Fault("SQL", found, "source.sql names a file with one query; WITH may stand before it"))
    return query


def _syntax(error: sqlglot.errors.SqlglotError) -> Fault:
    detail = error.errors[0] if isinstance(error, sqlglot.errors.ParseError) and error.errors else {}
    line, near = detail.get("line"), detail.get("highlight")
    found = f"cannot be read at {near!r}" if near else f"cannot be read ({str(error).splitlines()[0]})"
    way_out = (
        "Mend the query there or just before; it is GoogleSQL" if near else "A quote or a comment may not be closed"
    )
    return Fault(f"SQL line {line}" if line else "SQL", found, way_out)


def _faults(query: exp.Expr) -> Iterator[Fault]:
    for node in query.walk():
        if isinstance(node, exp.Anonymous):
            yield _refusal(node, USUAL)
        elif isinstance(node, exp.Func) and type(node).__name__ not in ALLOWED:
            yield _refusal(node, INSTEAD.get(type(node).__name__, USUAL))
        elif why := _trap(node):
            yield _refusal(node, why)


def _refusal(node: exp.Expr, way_out: str) -> Fault:
    text = node.sql(dialect="bigquery")
    return Fault(f"SQL {text[:60]}{'…' if len(text) > 60 else ''}", "is outside the portable subset", way_out)


def _trap(node: exp.Expr) -> str | None:
    """Where a function is known, but this use of it differs."""
    match node:
        case exp.Extract() if "WEEK" in node.name.upper() and node.name.upper() != "DAYOFWEEK":
            return "Week numbers differ. Use DATE_TRUNC(d, WEEK) or EXTRACT(DAYOFWEEK FROM d)"
        case exp.ArrayAgg() if node.find(exp.Limit):
            return "LIMIT in ARRAY_AGG differs. Use ROW_NUMBER and a filter"
        case exp.ArrayAgg() if not isinstance(node.parent, exp.IgnoreNulls) and not node.find(exp.IgnoreNulls):
            return "Say ARRAY_AGG(x IGNORE NULLS)"
        case exp.Unnest() if node.args.get("offset"):
            return "WITH OFFSET counts from 1 on files. Use ROW_NUMBER"
        case exp.Bracket() if node.args.get("offset") is not None and not node.args.get("safe"):
            return "OFFSET beyond the end differs. Use SAFE_OFFSET"
        case exp.Substring() if not _starts_at_a_literal(node):
            return "SUBSTR's start must be a literal other than 0"
        case exp.StrPosition() if node.args.get("position") or node.args.get("occurrence"):
            return "INSTR with an occurrence differs. Use STRPOS"
        case exp.GroupConcat() if not node.find(exp.Order):
            return "Say STRING_AGG(x ORDER BY x): without an order the text differs"
        case exp.Table() if "*" in node.name:
            return "A table for each day is not read here. Use one table, partitioned by day"
        case exp.AnyValue():
            return "ANY_VALUE may take another row every time. Use MIN or MAX"
        case exp.Limit() if not isinstance(node.parent, exp.Query) or not node.parent.args.get("order"):
            return "LIMIT without ORDER BY takes other rows every time. Add ORDER BY with a unique key"
        case _:
            return None


def _starts_at_a_literal(node: exp.Substring) -> bool:
    start = node.args.get("start")
    return start is None or (isinstance(start, exp.Literal | exp.Neg) and start.name not in ("", "0"))


def _mend(node: exp.Expr) -> exp.Expr:
    """Same name, other meaning: written so that DuckDB gives the documented answer."""
    match node:
        case exp.TimestampDiff():  # whole elapsed units; DuckDB's date_diff counts boundaries
            unit = exp.Literal.string((node.text("unit") or "second").lower())
            return _call("date_sub", unit, node.expression, node.this)
        case exp.Extract() if node.name.upper() == "DAYOFWEEK":  # Sunday is 1; DuckDB's dow has Sunday 0
            dow = exp.Extract(this=exp.var("DOW"), expression=node.expression.copy())
            return exp.Paren(this=exp.Add(this=dow, expression=exp.Literal.number(1)))
        case exp.Div():
            return _divide(node)
        case exp.Cast() if node.to.this == exp.DataType.Type.BIGINT:  # rounds half away from zero, DuckDB to even
            return _call("bq_safe_int64" if isinstance(node, exp.TryCast) else "bq_int64", node.this)
        case exp.TimeToStr() if node.args.get("zone"):  # sqlglot drops the zone
            inner = node.this.this if isinstance(node.this, exp.TsOrDsToTimestamp) else node.this
            node.set("this", _call("timezone", node.args["zone"], inner))
            node.set("zone", None)
        case exp.Parameter():  # GoogleSQL's names have no case
            return exp.Parameter(this=exp.var(node.name.lower()))
        case exp.Table() if node.catalog:  # the project; DATA stands for any
            node.set("catalog", None)
    return node


def _divide(node: exp.Div) -> exp.Expr:
    """x / 0 fails on BigQuery; DuckDB gives infinity."""
    by = node.expression
    if isinstance(by, exp.Literal) and float(by.this):
        return node
    zero = exp.EQ(this=exp.Paren(this=by.copy()), expression=exp.Literal.number(0))
    failing = exp.If(this=zero, true=_call("error", exp.Literal.string("division by zero: use SAFE_DIVIDE")))
    quotient = exp.Div(
        this=node.this.copy(), expression=by.copy(), typed=node.args.get("typed"), safe=node.args.get("safe")
    )
    return exp.Paren(this=exp.Case(ifs=[failing], default=quotient))


def _call(name: str, *arguments: exp.Expr) -> exp.Expr:
    return exp.Anonymous(this=name, expressions=[argument.copy() for argument in arguments])


def connect() -> duckdb.DuckDBPyConnection:
    """A DuckDB that answers translated queries as BigQuery documents them: UTC, NULLs first, rounding, fingerprints."""
    connection = duckdb.connect()
    connection.execute("SET TimeZone='UTC'; SET default_null_order='nulls_first'; SET preserve_insertion_order=false")
    for name, cast in (("bq_int64", "CAST"), ("bq_safe_int64", "TRY_CAST")):
        whole = f"{cast}(round({cast}(x AS DOUBLE)) AS BIGINT)"
        floating = "typeof(x) IN ('DOUBLE', 'FLOAT')"
        connection.execute(f"CREATE MACRO {name}(x) AS CASE WHEN {floating} THEN {whole} ELSE {cast}(x AS BIGINT) END")
    connection.create_function("farm_fingerprint", _fingerprint, ["VARCHAR"], "BIGINT")
    return connection


def _fingerprint(text: str) -> int:
    value: int = farmhash.fingerprint64(text)
    return value - (1 << 64) if value >= 1 << 63 else value
