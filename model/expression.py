"""Arithmetic over columns, the same in DuckDB (preprocess) and in numpy (serving).

Grammar: column names, numbers, `+ - * /`, unary minus, parentheses. A missing operand, and a division by zero, give a
missing value: a rule never rejects what it cannot measure.
"""

import ast
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from model.sql import number, quoted

if TYPE_CHECKING:
    from model.arrays import Floats

OPERATORS: dict[type[ast.operator], str] = {ast.Add: "+", ast.Sub: "-", ast.Mult: "*", ast.Div: "/"}
LONGEST, DEEPEST = 2_000, 50  # characters, and operations within each other
GRAMMAR = "Use column names, numbers, + - * / and parentheses, for example: rent / area_m2"
COMPUTE = "Compute it as a column of the SQL and name that"


@dataclass(frozen=True)
class Expression:
    """A parsed expression. `columns` are named in order of first use."""

    text: str
    columns: tuple[str, ...]
    tree: ast.expr

    @classmethod
    def parse(cls, text: str) -> "Expression":
        """Raises ValueError that names the part outside the grammar, as "problem | hint"."""
        if len(text) > LONGEST:
            raise ValueError(f"{_short(text)} has {len(text):,} characters, more than {LONGEST:,} | {COMPUTE}")
        try:
            tree = ast.parse(text.strip(), mode="eval").body
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            raise ValueError(f"{_short(text)} cannot be read | {GRAMMAR}") from None
        names: list[str] = []
        _check(tree, names, 1)
        if not names:
            raise ValueError(f"{_short(text)} names no column | {GRAMMAR}")
        return cls(text, tuple(dict.fromkeys(names)), tree)

    def sql(self) -> str:
        """DuckDB SQL in DOUBLE arithmetic."""
        return _sql(self.tree)

    def evaluate(self, columns: "Mapping[str, Floats]") -> "Floats":
        """float64 of the columns' length, NaN where missing. Raises KeyError for an absent column."""
        import numpy as np  # not at the top: it takes longer to import than to read a spec

        with np.errstate(all="ignore"):
            value = _evaluate(self.tree, columns)
        rows = len(next(iter(columns.values())))
        return np.broadcast_to(np.asarray(value, np.float64), (rows,)).copy()


def _check(node: ast.expr, names: list[str], depth: int) -> None:
    if depth > DEEPEST:
        raise ValueError(f"has more than {DEEPEST} operations within each other | {COMPUTE}")
    if isinstance(node, ast.Name):
        names.append(node.id)
    elif isinstance(node, ast.BinOp) and type(node.op) in OPERATORS:
        _check(node.left, names, depth + 1)
        _check(node.right, names, depth + 1)
    elif isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        _check(node.operand, names, depth + 1)
    elif isinstance(node, ast.Constant) and type(node.value) in (int, float):
        _check_number(node.value)  # type: ignore[arg-type]  # int or float, by the line above
    else:
        raise ValueError(f"{_short(ast.unparse(node))} is outside the grammar | {GRAMMAR}")


def _check_number(value: float) -> None:
    try:
        finite = math.isfinite(float(value))
    except OverflowError:  # of an int
        finite = False
    if not finite:
        raise ValueError("holds a number beyond what a computer can hold (about 1.8e308) | Write a smaller number")


def _short(text: str) -> str:
    return repr(text) if len(text) <= 80 else f"{text[:60]!r}..."


def _sql(node: ast.expr) -> str:
    if isinstance(node, ast.Name):
        return f"CAST({quoted(node.id)} AS DOUBLE)"
    if isinstance(node, ast.BinOp):
        left, right = _sql(node.left), _sql(node.right)
        if isinstance(node.op, ast.Div):
            return f"({left} / NULLIF({right}, 0))"
        return f"({left} {OPERATORS[type(node.op)]} {right})"
    if isinstance(node, ast.UnaryOp):
        return f"(-{_sql(node.operand)})"
    assert isinstance(node, ast.Constant)  # _check let nothing else in
    return number(float(node.value))  # type: ignore[arg-type]  # int or float, by _check


def _evaluate(node: ast.expr, columns: "Mapping[str, Floats]") -> "Floats | float":
    import numpy as np

    if isinstance(node, ast.Name):
        return columns[node.id]
    if isinstance(node, ast.BinOp):
        left, right = _evaluate(node.left, columns), _evaluate(node.right, columns)
        if isinstance(node.op, ast.Add):
            return left + right
        if isinstance(node.op, ast.Sub):
            return left - right
        if isinstance(node.op, ast.Mult):
            return left * right
        return left / np.where(np.asarray(right) == 0, np.nan, right)
    if isinstance(node, ast.UnaryOp):
        return -_evaluate(node.operand, columns)
    assert isinstance(node, ast.Constant)  # _check let nothing else in
    return float(node.value)  # type: ignore[arg-type]  # int or float, by _check
