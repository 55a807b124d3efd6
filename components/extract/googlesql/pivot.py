"""PIVOT and UNPIVOT as GROUP BY and UNION ALL, where the query names the columns that they take.

DuckDB's own PIVOT names other columns and counts other rows. What stays is refused (unsupported.py).
"""

import re
from collections.abc import Callable

from sqlglot import exp

from components.extract.googlesql.array_sources import sources

_AGGREGATES = (exp.Sum, exp.Count, exp.CountIf, exp.Avg, exp.Min, exp.Max, exp.LogicalAnd, exp.LogicalOr)
_NAME = re.compile(r"[A-Za-z_]\w*")


def expand_pivots(query: exp.Query) -> None:
    """Replaces, in place, every PIVOT and UNPIVOT that can be written in other words."""
    for select in reversed(list(query.find_all(exp.Select))):
        for source in list(sources(select)):
            pivots = source.args.get("pivots") or []
            if len(pivots) == 1 and (expanded := _expanded(source, pivots[0])) is not None:
                source.replace(expanded)


def _expanded(source: exp.Expr, pivot: exp.Pivot) -> exp.Subquery | None:
    names = _columns(source)
    fields = pivot.args.get("fields") or []
    if not names or len(fields) != 1 or not isinstance(fields[0], exp.In):
        return None
    base = source.copy()
    base.set("pivots", None)
    if isinstance(base, exp.Subquery) and not base.alias:
        base.set("alias", exp.TableAlias(this=exp.to_identifier("_rows")))
    write: Callable[..., exp.Query | None] = _unpivoted if pivot.args.get("unpivot") else _pivoted
    result = write(base, pivot, fields[0], names)
    alias = pivot.args.get("alias")
    return None if result is None else exp.Subquery(this=result, alias=alias.copy() if alias else None)


def _columns(source: exp.Expr) -> list[str]:
    """Of a subquery, or of a query of WITH; none where they are not named."""
    query: exp.Expr | None = source.this if isinstance(source, exp.Subquery) else None
    if isinstance(source, exp.Table) and not source.db:
        name = source.name.casefold()
        matches = [cte.this for cte in source.root().find_all(exp.CTE) if cte.alias.casefold() == name]
        query = matches[0] if len(matches) == 1 else None
    if not isinstance(query, exp.Query) or query.is_star or not all(query.named_selects):
        return []
    return list(query.named_selects)


def _pivoted(base: exp.Expr, pivot: exp.Pivot, field: exp.In, names: list[str]) -> exp.Select | None:
    values = [(_literal(value), _value_name(value)) for value in field.expressions]
    calls = [(call.unalias(), call.alias) for call in pivot.expressions]
    used = {column.name.casefold() for part in (field.this, *pivot.expressions) for column in part.find_all(exp.Column)}
    keys = [name for name in names if name.casefold() not in used]
    if (
        not keys
        or not isinstance(field.this, exp.Column)
        or not all(isinstance(value, exp.Literal) and name for value, name in values)
        or not all(isinstance(call, _AGGREGATES) for call, _ in calls)
        or (len(calls) > 1 and not all(alias for _, alias in calls))
    ):
        return None
    items = []
    for value, name in values:
        for call, alias in calls:
            condition = exp.EQ(this=field.this.copy(), expression=value.copy())
            items.append(exp.alias_(_only_where(call, condition), "_".join(filter(None, (alias, name)))))
    columns = [exp.column(key) for key in keys]
    return exp.select(*columns, *items).from_(base).group_by(*columns)


def _only_where(call: exp.Expr, condition: exp.Expr) -> exp.Expr:
    """The aggregate over the rows for which the condition holds."""
    if isinstance(call, exp.Count) and isinstance(call.this, exp.Star):
        return exp.CountIf(this=condition)
    copy = call.copy()
    value = copy.this.expressions[0] if isinstance(copy.this, exp.Distinct) else copy.this
    value.replace(exp.If(this=condition, true=value.copy(), false=exp.null()))
    return copy


def _unpivoted(base: exp.Expr, pivot: exp.Pivot, field: exp.In, names: list[str]) -> exp.Query | None:
    taken = [value.this if isinstance(value, exp.PivotAlias) else value for value in field.expressions]
    [value_name, *others] = [name.name for name in pivot.expressions]
    if others or not all(isinstance(column, exp.Column) for column in taken):
        return None
    used = {column.name.casefold() for column in taken}
    rest = [exp.column(name) for name in names if name.casefold() not in used]
    selects = []
    for value, column in zip(field.expressions, taken, strict=True):
        label = value.args["alias"] if isinstance(value, exp.PivotAlias) else exp.Literal.string(column.name)
        if not isinstance(label, exp.Literal):
            return None
        items = [exp.alias_(column.copy(), value_name), exp.alias_(label.copy(), field.this.name)]
        select = exp.select(*(part.copy() for part in rest), *items).from_(base.copy())
        present = exp.Not(this=exp.Is(this=column.copy(), expression=exp.null()))
        selects.append(select if pivot.args.get("include_nulls") else select.where(present))
    return exp.union(*selects, distinct=False) if len(selects) > 1 else selects[0]


def _literal(value: exp.Expr) -> exp.Expr:
    return value.this if isinstance(value, exp.PivotAlias) else value


def _value_name(value: exp.Expr) -> str:
    """The alias, or a text that is a name; "" for all others, whose names BigQuery derives."""
    if isinstance(value, exp.PivotAlias):
        return str(value.args["alias"].name)
    return value.name if isinstance(value, exp.Literal) and value.is_string and _NAME.fullmatch(value.name) else ""
