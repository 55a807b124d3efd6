"""The columns of the rows as later steps get them."""

from pathlib import Path

from artifacts.typed_rows import TypedRows, row_file
from model.sql import literal, quoted


def typed_view(extracted: Path) -> str:
    """SQL of the rows that extract wrote, with their numbers in `file_row_number`."""
    return f"SELECT * FROM read_parquet({literal(str(row_file(extracted)))}, file_row_number=true)"


def in_splits(rows: TypedRows) -> str:
    """SQL of every column in the files of the splits: ids as text, the label as 0 or 1."""
    kinds = {rows.label: "TINYINT"} | dict.fromkeys(rows.ids, "VARCHAR")
    names = {name: quoted(name) for name in rows.names}
    return ", ".join(
        f"CAST({column} AS {kinds[name]}) AS {column}" if name in kinds else column for name, column in names.items()
    )
