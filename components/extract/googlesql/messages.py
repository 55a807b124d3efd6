"""A problem with one expression of a query."""

from sqlglot import exp

from model.errors import Problem

LONGEST = 60


def outside_subset(node: exp.Expr, hint: str, problem: str = "is outside the portable subset") -> Problem:
    text = " ".join(node.unalias().sql(dialect="bigquery").split())
    return Problem(f"SQL {text[:LONGEST]}{'…' if len(text) > LONGEST else ''}", problem, hint, "sql-not-portable")
