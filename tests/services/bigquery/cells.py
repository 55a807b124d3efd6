"""How the REST API writes rows: moments as whole microseconds, as formatOptions.useInt64Timestamp asks for."""

import base64
import math
from decimal import Decimal

import pyarrow as pa


def rows(table: pa.Table) -> list[dict]:
    columns = [[{"v": value(cell, field.type)} for cell in table[field.name].to_pylist()] for field in table.schema]
    return [{"f": list(cells)} for cells in zip(*columns, strict=True)]


def value(cell, kind: pa.DataType):
    """One cell. An array has no NULL: it is empty."""
    if pa.types.is_list(kind):
        return [{"v": value(element, kind.value_type)} for element in cell or ()]
    if cell is None:
        return None
    if pa.types.is_struct(kind):
        members = [kind.field(index) for index in range(kind.num_fields)]
        return {"f": [{"v": value(cell[member.name], member.type)} for member in members]}
    if isinstance(cell, bool):
        return "true" if cell else "false"
    if isinstance(cell, float) and not math.isfinite(cell):
        return "NaN" if math.isnan(cell) else "Infinity" if cell > 0 else "-Infinity"
    if isinstance(cell, bytes):
        return base64.b64encode(cell).decode()
    if isinstance(cell, Decimal):
        text = f"{cell:f}"
        return text.rstrip("0").rstrip(".") if "." in text else text
    if isinstance(cell, pa.MonthDayNano):
        return _interval(*cell)
    if pa.types.is_timestamp(kind) and kind.tz:
        return str(pa.scalar(cell, kind).value)
    return cell.isoformat() if hasattr(cell, "isoformat") else str(cell)


def _interval(months: int, days: int, nanoseconds: int) -> str:
    """Years and months, days, and a time, each with its own sign: 1-2 3 4:5:6.7"""
    year, month = divmod(abs(months), 12)
    seconds, rest = divmod(abs(nanoseconds) // 1000, 1_000_000)
    fraction = f".{rest:06d}".rstrip("0") if rest else ""
    time = f"{seconds // 3600}:{seconds // 60 % 60}:{seconds % 60}{fraction}"
    return f"{'-' * (months < 0)}{year}-{month} {days} {'-' * (nanoseconds < 0)}{time}"
