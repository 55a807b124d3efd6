"""The types of a CSV file's columns, as BigQuery finds them when it loads the file.

Its reference ("schema auto-detection") has one form of a date, YYYY-MM-DD. Everything else stays text, also what other
engines guess: `t`, `yes`, `01/02/2026`, `10-11-12`. All rows are read, so a type does not depend on the first ones.
"""

from dataclasses import dataclass

import duckdb

from components.extract.googlesql.csv_forms import FORMS, TEXT, Form
from components.extract.sources.csv_file import CsvFile

SAMPLE = 10_000  # rows that decide which forms all other rows are checked for
MOSTLY = 0.5


@dataclass(frozen=True)
class CsvColumn:
    """A column's name in the file, the DuckDB type that it is loaded as, and the SQL of its values."""

    name: str
    kind: str
    value: str


@dataclass(frozen=True)
class CsvTable:
    """A CSV file with the types of its columns and the number of its rows."""

    file: CsvFile
    columns: tuple[CsvColumn, ...]
    rows: int


@dataclass(frozen=True)
class Mismatches:
    """`count` of a text column's `values` are not of the type `google`; "" where most of them are of no other type."""

    values: int
    count: int
    example: str
    google: str


def load(connection: duckdb.DuckDBPyConnection, file: CsvFile) -> CsvTable:
    """Raises duckdb.Error for a file that cannot be read."""
    candidates = {number: list(FORMS) for number in range(len(file.names))}
    sample = f"(SELECT * FROM {file.reader()} LIMIT {SAMPLE})"
    _, possible = _matching_forms(connection, sample, candidates, if_empty=True)
    rows, matching = _matching_forms(connection, file.reader(), possible, if_empty=False)
    columns = [_column(name, number, matching[number]) for number, name in enumerate(file.names)]
    return CsvTable(file, tuple(columns), rows)


def _matching_forms(
    connection: duckdb.DuckDBPyConnection, source: str, candidates: dict[int, list[str]], *, if_empty: bool
) -> tuple[int, dict[int, list[str]]]:
    """The number of rows, and for each column the candidates that all of its values match.

    `if_empty` is the answer for a column whose fields are all empty.
    """
    keys = [(number, form) for number, forms in candidates.items() for form in forms]
    tests = [f"bool_and({_has_form(number, FORMS[form])})" for number, form in keys]
    row = connection.execute(f"SELECT {', '.join(['count(*)', *tests])} FROM {source}").fetchone()
    assert row is not None  # an aggregate always answers
    rows, *answers = row
    matching: dict[int, list[str]] = {number: [] for number in candidates}
    for (number, form), fits in zip(keys, answers, strict=True):
        if if_empty if fits is None else fits:
            matching[number].append(form)
    return rows, matching


def _has_form(number: int, form: Form) -> str:
    """SQL; NULL for an empty field, which has every form."""
    text = f"c{number}"
    value = form.value.replace("{}", text)
    readable = f" AND TRY_CAST({value} AS {form.kind}) IS NOT NULL" if form.must_be_read else ""
    return f"CASE WHEN {text} <> '' THEN regexp_full_match({text}, '{form.pattern}'){readable} END"


def _column(name: str, number: int, forms: list[str]) -> CsvColumn:
    form = FORMS[forms[0]] if forms else TEXT
    text = f"c{number}"
    if form.kind == "VARCHAR":
        return CsvColumn(name, form.kind, text)
    value = form.value.replace("{}", f"nullif({text}, '')")
    return CsvColumn(name, form.kind, f"CAST({value} AS {form.kind})")


def find_mismatches(connection: duckdb.DuckDBPyConnection, table: CsvTable) -> dict[str, Mismatches]:
    """Name of each text column -> the values that keep it from another type."""
    texts = [(number, column.name) for number, column in enumerate(table.columns) if column.kind == "VARCHAR"]
    return {name: _mismatches(connection, table.file, number) for number, name in texts}


def _mismatches(connection: duckdb.DuckDBPyConnection, file: CsvFile, number: int) -> Mismatches:
    """For the form that most of its values match."""
    forms = [name for name in FORMS if name != "beyond"]
    counts = []
    for name in forms:
        without = f"NOT ({_has_form(number, FORMS[name])})"
        counts += [f"count(*) FILTER (WHERE {without})", f"min(c{number}) FILTER (WHERE {without})"]
    row = connection.execute(
        f"SELECT count(nullif(c{number}, '')), {', '.join(counts)} FROM {file.reader()}"
    ).fetchone()
    assert row is not None  # an aggregate always answers
    values, *rest = row
    fewest, example, name = min(zip(rest[::2], rest[1::2], forms, strict=True), key=lambda item: item[0])
    return Mismatches(values, fewest, example or "", FORMS[name].google if fewest < MOSTLY * values else "")
