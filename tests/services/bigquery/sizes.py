"""What bytes a query is counted and billed for, by the documented size of each type."""

import pyarrow as pa
import pyarrow.compute as pc

MEBIBYTE = 1 << 20
LEAST_BILLED = 10 * MEBIBYTE  # for each table
WIDTHS = {pa.bool_(): 1, pa.decimal128(38, 9): 16, pa.decimal256(76, 38): 32, pa.month_day_nano_interval(): 16}
NUMBER = 8
EMPTY_TEXT = 2  # bytes of a STRING or BYTES beside those of its content


def size_of(table: pa.Table) -> int:
    """A NULL has no size, a member of a STRUCT or an ARRAY its own."""
    return sum(_size(column) for column in table.columns)


def _size(values: pa.ChunkedArray) -> int:
    if pa.types.is_list(values.type):
        return _size(pc.list_flatten(values))
    if pa.types.is_struct(values.type):
        return sum(_size(pc.struct_field(values, [index])) for index in range(values.type.num_fields))
    present = len(values) - values.null_count
    if pa.types.is_string(values.type) or pa.types.is_binary(values.type):
        return present * EMPTY_TEXT + (pc.sum(pc.binary_length(values)).as_py() or 0)
    return present * WIDTHS.get(values.type, NUMBER)


def bytes_billed(processed: int, tables: int) -> int:
    """Rounded up to whole MiB, at least 10 MiB a table."""
    return max(-(-processed // MEBIBYTE) * MEBIBYTE, tables * LEAST_BILLED)
