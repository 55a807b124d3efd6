"""What to write where GoogleSQL does not convert a type to another one."""

from sqlglot import exp

from components.extract.googlesql.type_families import BOOL, DATE, DATETIME, MOMENTS, NUMBER, STRING, TIMESTAMP


def common_hint(operands: dict[str, exp.Expr]) -> str:
    if {TIMESTAMP, DATETIME} == set(operands):
        return f"Write TIMESTAMP({text_of(operands[DATETIME])})"
    if {TIMESTAMP, DATE} == set(operands):
        return f"Write TIMESTAMP({text_of(operands[DATE])}), or DATE({text_of(operands[TIMESTAMP])})"
    if {DATETIME, DATE} == set(operands):
        return f"Write DATE({text_of(operands[DATETIME])})"
    if STRING in operands:
        other = next(kind for kind in operands if kind != STRING)
        return conversion_hint(operands[STRING], STRING, (other,))
    if {BOOL, NUMBER} == set(operands):
        return f"Write CAST({text_of(operands[BOOL])} AS INT64)"
    return "CAST one of them to the other's type"


def conversion_hint(operand: exp.Expr, kind: str, accepted: tuple[str, ...]) -> str:
    name, target = text_of(operand), accepted[0]
    match kind, target:
        case "STRING", "NUMBER" if is_text(operand):
            return "Write a number, without quotes"
        case _, "NUMBER" if kind in MOMENTS:
            return f"Use {kind}_ADD, {kind}_SUB or {kind}_DIFF"
        case "INTERVAL", _:
            return "Use DATE_ADD, DATETIME_ADD or TIMESTAMP_ADD, or _SUB"
        case "STRING", "NUMBER":
            return f"Write SAFE_CAST({name} AS FLOAT64), or AS INT64"
        case "STRING", _:
            return (
                f"Write SAFE.PARSE_{target} with its format, or SAFE_CAST({name} AS {target}) of GoogleSQL's own form"
            )
        case "NUMBER", "BOOL":
            return f"Write {name} <> 0"
        case "BOOL", "NUMBER":
            return f"Write CAST({name} AS INT64)"
        case "DATE" | "DATETIME" | "TIMESTAMP", "DATE" | "DATETIME" | "TIMESTAMP":
            return f"Write {target}({name})"
        case _, "STRING" if kind in (NUMBER, BOOL, DATE):
            return f"Write CAST({name} AS STRING)"
        case _:
            return f"Use {' or '.join(accepted)}"


def is_text(operand: exp.Expr) -> bool:
    return isinstance(operand, exp.Literal) and operand.is_string


def text_of(node: exp.Expr) -> str:
    return node.unalias().sql(dialect="bigquery")
