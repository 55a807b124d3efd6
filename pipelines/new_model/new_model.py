"""A first spec from a table: the arguments are looked at, the draft is made and written."""

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from rich.console import Console

from model.errors import DataError, Problem, Problems, UsageError
from pipelines.new_model.find_table import Table, find_table
from pipelines.new_model.make import check_name, draft_of, write
from pipelines.new_model.summary import NewModel


def new_model(
    name: str, table: str, label: str, specs: Path, mistakes: Sequence[Problem], console: Console
) -> NewModel:
    """Write `specs/name`. `mistakes` are those of the command line, which are reported with the others.

    Raises UsageError with everything that is wrong with the arguments, DataError and SpecError when the table allows no
    model, and OutputError.
    """
    folder = specs / name
    rows = _table(name, table, label, folder, mistakes)
    today = datetime.now(UTC).date()
    with console.status("") as status:
        draft, conversions = draft_of(name, rows, label, today=today, progress=status.update)
    write(draft, folder)
    return NewModel(draft, conversions, folder)


def _table(name: str, path: str, label: str, folder: Path, mistakes: Sequence[Problem]) -> Table:
    """Raises UsageError."""
    problems, table = Problems(), None
    problems.items.extend(mistakes)
    check_name(name, folder, problems)
    try:
        table = find_table(path)
    except DataError as error:
        problems.items.extend(error.problems)
    if not label and problems.items:  # else find_label lists the table's columns
        problems.add("LABEL", "is missing", "Name the column that is the conversion", "label-missing")
    problems.raise_if_any(UsageError)
    assert table is not None  # an error always leaves a problem
    return table
