"""The types of a CSV file's columns, as BigQuery finds them when it loads the file.

Its reference ("schema auto-detection") has one form of a date, YYYY-MM-DD; whatever else might be one stays text, and
so does all that only some engine would guess: `t`, `yes`, `01/02/2026`, `10-11-12`. Every row is looked at, so that a
type does not depend on the first ones.
"""

from dataclasses import dataclass

import duckdb

from components.extract.googlesql.duckdb_macros import REAL
from components.extract.sources.csv_file import CsvFile

SAMPLE = 10_000  # rows that decide which forms are worth looking for in all the others
MOSTLY = 0.5

_CLOCK = r"[0-9]{2}:[0-9]{2}(:[0-9]{2}(\.[0-9]{1,6})?)?"
_WHOLE = r"\s*[+-]?[0-9]+\s*"
_DAY = "[0-9]{4}-[0-9]{2}-[0-9]{2}"
_OFFSET = "([+-][0-9]{2}):?([0-9]{2})"


@dataclass(frozen=True)
class Form:
    """`pattern` of the text and the DuckDB type that it is loaded as; {} in `value` is the text."""

    pattern: str
    kind: str
    google: str
    words: str
    value: str = "{}"
    must_be_read: bool = True


# A column has the first form that all of its values have.
FORMS = {
    "bool": Form("(?i)true|false", "BOOLEAN", "BOOL", "`true` and `false`, in any case"),
    "whole": Form(_WHOLE, "BIGINT", "INT64", "whole numbers"),
    "beyond": Form(
        _WHOLE, "VARCHAR", "STRING", "whole numbers beyond INT64", must_be_read=False
    ),  # as FLOAT64, two ids would become one
    "real": Form(REAL, "DOUBLE", "FLOAT64", "numbers"),
    "date": Form(_DAY, "DATE", "DATE", "`2026-01-31`"),
    "timestamp": Form(
        f"{_DAY}[ T]{_CLOCK}( ?(Z|UTC|{_OFFSET}))?",
        "TIMESTAMPTZ",
        "TIMESTAMP",
        "`2026-01-31 09:00[:00[.123456]]`, or with a `T`; `Z`, `UTC` or `+09:00` behind it, UTC without",
        "regexp_replace(regexp_replace({}, ' ?" + _OFFSET + "$', '\\1:\\2'), ' ?(Z|UTC)$', 'Z')",
    ),
    "time": Form(r"[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{1,6})?", "TIME", "TIME", "`09:00:00[.123456]`"),
}
_TEXT = Form("", "VARCHAR", "STRING", "texts")


@dataclass(frozen=True)
class CsvColumn:
    """A column's name in the file, its place there, what it is loaded as and the SQL of its values."""

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
class OddValues:
    """`odd` of a column's `values` keep it from being `google`, a type; "" where most of them are just text."""

    values: int
    odd: int
    example: str
    google: str


def load(connection: duckdb.DuckDBPyConnection, file: CsvFile) -> CsvTable:
    """Raises duckdb.Error for a file that cannot be read."""
    candidates = {number: list(FORMS) for number in range(len(file.names))}
    sample = f"(SELECT * FROM {file.reader()} LIMIT {SAMPLE})"
    _, possible = _that_fit(connection, sample, candidates, of_no_values=True)
    rows, fitting = _that_fit(connection, file.reader(), possible, of_no_values=False)
    columns = [_column(name, number, fitting[number]) for number, name in enumerate(file.names)]
    return CsvTable(file, tuple(columns), rows)


def _that_fit(
    connection: duckdb.DuckDBPyConnection, source: str, candidates: dict[int, list[str]], *, of_no_values: bool
) -> tuple[int, dict[int, list[str]]]:
    """The number of rows, and of each column those of the candidates that all of its values have.

    `of_no_values` is the answer for a column whose fields are all empty.
    """
    keys = [(number, form) for number, forms in candidates.items() for form in forms]
    tests = [f"bool_and({_has_form(number, FORMS[form])})" for number, form in keys]
    row = connection.execute(f"SELECT {', '.join(['count(*)', *tests])} FROM {source}").fetchone()
    assert row is not None  # an aggregate always answers
    rows, *answers = row
    left: dict[int, list[str]] = {number: [] for number in candidates}
    for (number, form), fits in zip(keys, answers, strict=True):
        if of_no_values if fits is None else fits:
            left[number].append(form)
    return rows, left


def _has_form(number: int, form: Form) -> str:
    """NULL for an empty field, which has every form."""
    text = f"c{number}"
    value = form.value.replace("{}", text)
    readable = f" AND TRY_CAST({value} AS {form.kind}) IS NOT NULL" if form.must_be_read else ""
    return f"CASE WHEN {text} <> '' THEN regexp_full_match({text}, '{form.pattern}'){readable} END"


def _column(name: str, number: int, forms: list[str]) -> CsvColumn:
    form = FORMS[forms[0]] if forms else _TEXT
    text = f"c{number}"
    if form.kind == "VARCHAR":
        return CsvColumn(name, form.kind, text)
    value = form.value.replace("{}", f"nullif({text}, '')")
    return CsvColumn(name, form.kind, f"CAST({value} AS {form.kind})")


def odd_values(connection: duckdb.DuckDBPyConnection, table: CsvTable) -> dict[str, OddValues]:
    """Name -> why the column is text, of each that is: the values that no other type has."""
    texts = [(number, column.name) for number, column in enumerate(table.columns) if column.kind == "VARCHAR"]
    return {name: _odd_values(connection, table.file, number) for number, name in texts}


def _odd_values(connection: duckdb.DuckDBPyConnection, file: CsvFile, number: int) -> OddValues:
    """Of the form that most of its values have."""
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
    fewest, example, name = min(zip(rest[::2], rest[1::2], forms, strict=True), key=lambda one: one[0])
    return OddValues(values, fewest, example or "", FORMS[name].google if fewest < MOSTLY * values else "")
