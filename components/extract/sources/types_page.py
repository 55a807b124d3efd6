"""The table of types in docs/bigquery.md, written from column_types.py.

python -m components.extract.sources.types_page docs
"""

from model import interrupt

if __name__ == "__main__":
    interrupt.exit_at_once()

import sys
from pathlib import Path

from components.extract.sources.column_types import COLUMN_TYPES, ColumnType
from model.files import write_atomically

PAGE = "bigquery.md"
BEGIN, END = "<!-- types: written by make fix -->\n", "<!-- end of types -->\n"


def with_types(page: str) -> str:
    """The page with the table between its two marks."""
    before, _, rest = page.partition(BEGIN)
    _, _, after = rest.partition(END)
    rows = ["| GoogleSQL | written as | |", "|---|---|---|", *map(_row, COLUMN_TYPES)]
    return f"{before}{BEGIN}" + "\n".join(rows) + f"\n{END}{after}"


def _row(kind: ColumnType) -> str:
    note = kind.note.replace("{}", "x")
    return f"| {kind.name} | {f'`{kind.arrow}`' if kind.arrow is not None else 'refused'} | {note} |"


def main(folder: str) -> None:
    path = Path(folder) / PAGE
    write_atomically(path, with_types(path.read_text("utf-8")).encode())


if __name__ == "__main__":
    main(*sys.argv[1:])
