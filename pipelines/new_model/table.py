"""A table of files that TABLE names: a file, or a folder of Parquet files."""

import difflib
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path

from model.errors import DataError, Problem

ENDINGS = (".parquet", ".csv", ".csv.gz")
NAME = re.compile(r"[\w -]+")
PATTERN = set("*?[]")


@dataclass(frozen=True)
class TableFile:
    """`data` is DATA of `make run`; `name` is the name of the table in SQL."""

    data: Path
    name: str
    path: Path
    rows: None = None  # counted when they are read
    unreadable: Mapping[str, str] = field(default_factory=dict)

    @property
    def argument(self) -> tuple[str, str]:
        """The variable of `make run`, and its value."""
        return "DATA", str(self.data)

    @property
    def written_on(self) -> date:
        """The day, UTC, on which the newest of its files was written."""
        files = list(self.path.glob("*.parquet")) if self.path.is_dir() else [self.path]
        return datetime.fromtimestamp(max(file.stat().st_mtime for file in files), UTC).date()

    def as_file(self, _scratch: Path, _progress: Callable[[str], None]) -> "TableFile":
        return self


def find_files(text: str) -> TableFile:
    """Raises DataError for a file that does not exist, and for one that a query cannot name."""
    path = Path(text).absolute()
    if not text or not path.exists():
        raise DataError(_missing(text, path))
    ending = next((ending for ending in ENDINGS if path.name.endswith(ending)), "")
    if path.is_dir():
        ending = ""
        if next(path.glob("*.parquet"), None) is None:
            raise DataError(Problem(f"TABLE={text}", "is a folder without Parquet files", _forms(), "table-missing"))
    elif not ending:
        raise DataError(Problem(f"TABLE={text}", "is not a table that Kamado reads", _forms(), "table-format"))
    name = path.name.removesuffix(ending)
    if not NAME.fullmatch(name):
        hint = "Rename it: a query names the table by its file, so use letters, digits, _ and -"
        raise DataError(
            Problem(f"TABLE={text}", f"has the name {name!r}, which is not the name of a table", hint, "table-name")
        )
    if wildcards := sorted(PATTERN & set(str(path.parent))):
        hint = "Move it to a folder without * ? [ ] in its whole path"
        raise DataError(
            Problem(f"TABLE={text}", f"has {' '.join(wildcards)} in its path, a pattern of names", hint, "path-pattern")
        )
    return TableFile(path.parent, name, path)


def _missing(text: str, path: Path) -> Problem:
    if not text:
        return Problem("TABLE", "is missing", _forms(), "table-missing")
    existing = sorted(entry.name for entry in path.parent.iterdir()) if path.parent.is_dir() else []
    near = difflib.get_close_matches(path.name, existing, 3)
    hint = f"Did you mean {' or '.join(near)}?" if near else _forms()
    return Problem(f"TABLE={text}", "does not exist", hint, "table-missing")


def _forms() -> str:
    return (
        "TABLE names a .parquet, .csv or .csv.gz file, a folder of .parquet files, or PROJECT.DATASET.TABLE in BigQuery"
    )
