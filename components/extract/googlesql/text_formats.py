"""FORMAT of texts, whole numbers and numbers of a fixed count of digits, which both engines write alike."""

import re
from collections.abc import Iterator

from sqlglot import exp

from components.extract.googlesql.type_families import NUMBER, STRING

_SPECIFIER = re.compile(r"%(?:(%)|(s)|(0?[1-9][0-9]?)?([di])|\.([0-9])f|(.?))", re.DOTALL)
USE = "FORMAT takes %s, %d, %05d, %.2f and %% on files. Use CONCAT, CAST and FORMAT_DATE"


def refused_text_format(node: exp.Format) -> str:
    """What to write in place of this call; "" where both engines write the same."""
    if not isinstance(node.this, exp.Literal):
        return "FORMAT's first argument must be a text literal"
    specifiers = list(_SPECIFIER.finditer(node.this.name))
    if any(match[6] is not None for match in specifiers):
        return USE
    count = sum(match[1] is None for match in specifiers)
    return "" if count == len(node.expressions) else "FORMAT takes one value for each element of its text"


def format_arguments(node: exp.Format) -> Iterator[tuple[exp.Expr, str, bool]]:
    """(argument, its family, whether it is a FLOAT64) of each element."""
    if isinstance(node.this, exp.Literal):
        kinds = [match for match in _SPECIFIER.finditer(node.this.name) if match[1] is None]
        for argument, match in zip(node.expressions, kinds, strict=False):
            yield argument, STRING if match[2] else NUMBER, match[5] is not None


def printf(node: exp.Format) -> exp.Expr:
    """DuckDB's call."""
    text = _SPECIFIER.sub(lambda match: match[0].replace("i", "d") if match[4] else match[0], node.this.name)
    arguments = [exp.Literal.string(text), *(argument.copy() for argument in node.expressions)]
    return exp.Anonymous(this="printf", expressions=arguments)
