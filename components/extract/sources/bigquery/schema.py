"""The columns of a result, from the client's SchemaFields."""

from collections.abc import Iterable, Iterator
from typing import Any

from components.extract.googlesql import types
from components.extract.sources.bigquery.errors import SourceUnavailableError
from model.errors import Problem


def columns_of(schema: Iterable[Any]) -> dict[str, str]:
    """Name -> GoogleSQL type."""
    return {field.name: types.of_bigquery(field.field_type, field.mode) for field in schema}


def paths_of(schema: Iterable[Any], prefix: str = "") -> Iterator[tuple[str, str]]:
    """(name, GoogleSQL type) of each column and of each field inside of it, of an array its elements."""
    for field in schema:
        name = f"{prefix}{field.name}"
        yield name, types.of_bigquery(field.field_type, "NULLABLE")
        yield from paths_of(field.fields, f"{name}.")


def refuse_changed_schema(planned: Iterable[Any], actual: Iterable[Any]) -> None:
    """Raises SourceUnavailableError for every column that is another one since the dry run."""
    before, after = columns_of(planned), columns_of(actual)
    hint = "Somebody changes the table: run again when that is done"
    problems = [
        Problem(
            f"SQL column {name}",
            f"was {before.get(name, 'absent')} in the dry run and is {after.get(name, 'absent')} in the result",
            hint,
            "source-schema-changed",
        )
        for name in dict.fromkeys([*before, *after])
        if before.get(name) != after.get(name)
    ]
    if problems:
        raise SourceUnavailableError(*problems)
