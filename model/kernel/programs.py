"""Rules over inputs as operations in postfix order, which answer as `Expression.evaluate` does."""

import ast
import math
from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from model.bundle.bounds import Bounds
from model.kernel.structures import (
    ADD,
    CONSTANT,
    DIVIDE,
    INPUT,
    MULTIPLY,
    NEGATE,
    OPERATION,
    RULE,
    SUBTRACT,
)

CODES: dict[type[ast.operator], int] = {ast.Add: ADD, ast.Sub: SUBTRACT, ast.Mult: MULTIPLY, ast.Div: DIVIDE}


def programs_of(rules: Sequence[Bounds], inputs: Sequence[str]) -> tuple[NDArray[np.void], NDArray[np.void]]:
    """The rules and their operations. Raises ValueError for a rule over a column that is not an input."""
    records, operations = [], list[tuple[int, int, float]]()
    for rule in rules:
        if strangers := sorted(set(rule.parsed.columns) - set(inputs)):
            raise ValueError(f"the rule {rule.name!r} reads {strangers[0]!r}, which is not an input")
        program = list(_postfix(rule.parsed.tree, inputs))
        low = -math.inf if rule.min is None else rule.min
        high = math.inf if rule.max is None else rule.max
        records.append((len(operations), len(program), low, high))
        operations += program
    return np.array(records, RULE), np.array(operations, OPERATION)


def _postfix(node: ast.expr, inputs: Sequence[str]) -> Iterator[tuple[int, int, float]]:
    if isinstance(node, ast.Name):
        yield INPUT, inputs.index(node.id), 0.0
    elif isinstance(node, ast.BinOp):
        yield from _postfix(node.left, inputs)
        yield from _postfix(node.right, inputs)
        yield CODES[type(node.op)], 0, 0.0
    elif isinstance(node, ast.UnaryOp):
        yield from _postfix(node.operand, inputs)
        yield NEGATE, 0, 0.0
    else:
        assert isinstance(node, ast.Constant)  # Expression.parse let nothing else in
        yield CONSTANT, 0, float(node.value)  # type: ignore[arg-type]  # int or float, by Expression.parse
