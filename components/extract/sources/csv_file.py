"""CSV files, read strictly: a first line with names, quotes as RFC 4180 has them, one delimiter that the names show.

Every column is read as text first; csv_types.py decides its type.
"""

import csv
import gzip
import io
import re
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from model.errors import Problem, Problems
from model.sql import literal

DELIMITERS = ",;\t|"
LONGEST = 1 << 20  # characters of a first line


@dataclass(frozen=True)
class CsvFile:
    """A file whose first line has been read."""

    path: Path
    delimiter: str
    names: tuple[str, ...]

    def reader(self) -> str:
        """DuckDB's SQL of the table of texts c0, c1, …: an empty field is NULL, a quoted one ("") an empty text."""
        columns = ", ".join(f"c{number}: 'VARCHAR'" for number in range(len(self.names)))
        dialect = f"delim='{self.delimiter}', quote='\"', escape='\"', header=true, strict_mode=true"
        nulls = "nullstr='', allow_quoted_nulls=false"
        return f"read_csv({literal(str(self.path))}, {dialect}, {nulls}, auto_detect=false, columns={{{columns}}})"


def open_csv(path: Path) -> CsvFile:
    """Raises OSError, EOFError, UnicodeDecodeError, csv.Error."""
    with gzip.open(path, "rb") if path.suffix == ".gz" else path.open("rb") as file:
        start = file.readline(LONGEST).decode("utf-8-sig")
        if start.count('"') % 2:  # a name with a line break in it
            start += io.TextIOWrapper(file, "utf-8", newline="").read(LONGEST)
    splits = {mark: next(csv.reader(io.StringIO(start, newline=""), delimiter=mark), []) for mark in DELIMITERS}
    delimiter = max(DELIMITERS, key=lambda mark: len(splits[mark]))
    return CsvFile(path, delimiter, tuple(name.strip() for name in splits[delimiter]))


def check_csv(path: Path, problems: Problems) -> None:
    """Adds a problem for a file that is not a table: its encoding, its names, its rows."""
    try:
        file = open_csv(path)
        rows = _has_rows(path)
    except UnicodeDecodeError as error:
        problems.add(f"file {path}", f"is not UTF-8 ({error.reason})", "Save it as UTF-8", "file-not-utf8")
        return
    except csv.Error as error:
        message = f"has a first line that cannot be read ({error})"
        problems.add(f"file {path}", message, "Write the columns' names there", "csv-header")
        return
    if not any(file.names):
        problems.add(f"file {path}", "has no names in its first line", "Write the columns' names there", "csv-header")
    elif not rows:
        problems.add(f"file {path}", "has names in its first line and no rows", "Write or copy it again", "file-empty")
    _check_names(file, problems)


def _has_rows(path: Path) -> bool:
    with gzip.open(path, "rb") if path.suffix == ".gz" else path.open("rb") as file:
        file.readline(LONGEST)
        return bool(file.readline(LONGEST).strip())


def _check_names(file: CsvFile, problems: Problems) -> None:
    """BigQuery refuses a table with two columns of one name, whatever their case."""
    times = Counter(name.casefold() for name in file.names if name)
    first = {name.casefold(): name for name in reversed(file.names)}
    for name in (first[folded] for folded, count in times.items() if count > 1):
        numbers = [str(number) for number, other in enumerate(file.names, 1) if other.casefold() == name.casefold()]
        message = f"names the column {name} {len(numbers)} times (columns {', '.join(numbers)})"
        problems.add(f"file {file.path} line 1", message, "Give each column its own name", "csv-header")


def broken_line(path: Path, message: str) -> Problem:
    """DuckDB's error about a line, with the line's number and what is wrong with it."""
    line = re.search(r"on Line: (\d+)", message, re.IGNORECASE)
    where = f"file {path}" + (f" line {line[1]}" if line else "")
    if "not utf-8 encoded" in message:
        return Problem(where, "is not UTF-8", "Save the file as UTF-8", "file-not-utf8")
    if counts := re.search(r"Expected Number of Columns: (\d+) Found: (\d+)", message):
        names, values = int(counts[1]), int(counts[2])
        count = _times(values, "value") if values < names else "more values"  # DuckDB stops counting there
        difference = f"has {count}, and line 1 names {_times(names, 'column')}"
        return Problem(where, difference, _column_hint(path, message), "csv-columns")
    if "unterminated quote" in message or "quote should be followed" in message.lower():
        hint = "Double the quotes inside a quoted value, and close each"
        return Problem(where, "has a quote that is not closed, or text after a closing quote", hint, "csv-quotes")
    detail = re.search(r"Original Line: .*?\n(.*?)\n", message, re.DOTALL)
    summary = " ".join((detail[1] if detail else message).split())[:200]
    return Problem(
        where, f"cannot be read ({summary})", "Fix that line, or write or copy the file again", "file-damaged"
    )


def _times(count: int, noun: str) -> str:
    return f"{count:,} {noun}{'' if count == 1 else 's'}"


def _column_hint(path: Path, message: str) -> str:
    delimiter = open_csv(path).delimiter
    line = re.search(r"Original Line: (.*)", message)
    if line and delimiter not in line[1] and any(mark in line[1] for mark in DELIMITERS):
        return f"Line 1 is separated by {delimiter!r}: separate every line by it"
    return "Fix that line: it needs one value for each name of line 1, and quotes around a value with a separator in it"
