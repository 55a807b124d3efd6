"""WITH RECURSIVE: BigQuery ends it with an error after 500 iterations, DuckDB never does. So iterations are counted."""

from collections.abc import Iterator

from sqlglot import exp

from components.extract.googlesql.messages import outside_subset
from model.errors import Problem

MOST_ITERATIONS = 500
_NUMBER = "_iteration"
HINT = (
    "Write WITH RECURSIVE t AS (SELECT … UNION ALL SELECT … FROM t …): two SELECTs that name their columns, "
    "without GROUP BY, DISTINCT and LIMIT"
)


def refused_recursions(query: exp.Query) -> Iterator[Problem]:
    """Recursive queries whose iterations cannot be counted."""
    for cte in recursive_queries(query):
        if not _can_be_counted(cte):
            yield outside_subset(cte.this, HINT)


def count_iterations(query: exp.Query) -> None:
    """Makes, in place, recursive queries fail above the limit."""
    for cte in recursive_queries(query):
        _count(cte)


def recursive_queries(query: exp.Query) -> list[exp.CTE]:
    ctes = [cte for part in query.find_all(exp.With) if part.args.get("recursive") for cte in part.expressions]
    return [cte for cte in ctes if _references(cte.this, cte.alias)]


def _references(query: exp.Expr, name: str) -> list[exp.Table]:
    tables = query.find_all(exp.Table)
    return [table for table in tables if not table.db and table.name.casefold() == name.casefold()]


def _can_be_counted(cte: exp.CTE) -> bool:
    union = cte.this
    if not isinstance(union, exp.Union) or union.args.get("distinct") or cte.args["alias"].columns:
        return False
    base, step = union.left, union.right
    parts = ("group", "distinct", "limit", "order", "qualify")
    return (
        all(isinstance(part, exp.Select) and not part.is_star for part in (base, step))
        and all(base.named_selects)
        and not _references(base, cte.alias)
        and len(_references(step, cte.alias)) == 1
        and not any(step.args.get(part) for part in parts)
    )


def _count(cte: exp.CTE) -> None:
    base, step = cte.this.left, cte.this.right
    names, [reference] = base.named_selects, _references(step, cte.alias)
    counted = exp.to_identifier(f"_{cte.alias}_iterations")
    if not reference.alias:
        reference.set("alias", exp.TableAlias(this=exp.to_identifier(cte.alias)))
    reference.set("this", counted)
    following = exp.Add(this=exp.column(_NUMBER, reference.alias), expression=exp.Literal.number(1))
    checked = exp.Anonymous(this="bq_iterations", expressions=[following, exp.Literal.number(MOST_ITERATIONS)])
    first = exp.alias_(exp.cast(exp.Literal.number(0), "BIGINT"), _NUMBER)
    base.set("expressions", [*map(_wide, base.expressions), first])
    step.append("expressions", exp.alias_(checked, _NUMBER))
    outer = exp.select(*(exp.column(name) for name in names)).from_(exp.Table(this=counted.copy()))
    named = exp.CTE(this=outer, alias=exp.TableAlias(this=exp.to_identifier(cte.alias)))
    cte.set("alias", exp.TableAlias(this=counted.copy()))
    if (group := cte.parent) is not None:
        both = [[part, named] if part is cte else [part] for part in group.expressions]
        group.set("expressions", [part for parts in both for part in parts])


def _wide(item: exp.Expr) -> exp.Expr:
    """A whole number as INT64: the first SELECT gives the columns their types."""
    value = item.unalias()
    if not isinstance(value, exp.Literal) or not value.is_int:
        return item
    return exp.alias_(exp.cast(value.copy(), "BIGINT"), item.alias_or_name)
