"""A first spec from a table: `python -m pipelines.new_model --model NAME --table FILE --label COLUMN`.

Exit code 0: the spec is written and a run with it reaches training; 1: the table does not allow one; 2: an
argument is wrong; 130: interrupted. Nothing is ever overwritten.
"""

from model import interrupt

if __name__ == "__main__":
    interrupt.exit_at_once()

import argparse
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from rich.console import Console

from model.command_line import CommandLine, UsageError
from model.errors import DataError, Problem, Problems
from pipelines.command import carry_out
from pipelines.new_model.make import check_name, draft_of, write
from pipelines.new_model.summary import NewModel
from pipelines.new_model.table import Table, find_table


def main(arguments: Sequence[str]) -> int:
    args, unknown = _command_line().read(arguments)
    return carry_out(lambda console: _new_model(args, unknown, console), as_json=args.json)


def _command_line() -> CommandLine:
    line = CommandLine(prog="python -m pipelines.new_model", description=__doc__)
    line.add_argument("--model", default="", help="name of the model, and of its folder")
    line.add_argument("--table", default="", help="a .parquet, .csv or .csv.gz file, or a folder of .parquet files")
    line.add_argument("--label", default="", help="column that is the conversion; COLUMN=VALUE where it is not 0 or 1")
    line.add_argument("--specs", default="specs", help="folder in which the model's folder is made")
    line.add_argument("--json", action="store_true", help="print the decisions as one JSON object")
    return line


def _new_model(args: argparse.Namespace, unknown: Sequence[Problem], console: Console) -> NewModel:
    folder = Path(args.specs or "specs") / args.model
    table = _table(args, unknown, folder)
    today = datetime.now(UTC).date()
    with console.status("") as status:
        draft, conversions = draft_of(args.model, table, args.label, today=today, progress=status.update)
    write(draft, folder)
    return NewModel(draft, conversions, folder)


def _table(args: argparse.Namespace, unknown: Sequence[Problem], folder: Path) -> Table:
    """Raises UsageError with all problems of the arguments."""
    problems, table = Problems(), None
    problems.items.extend(unknown)
    check_name(args.model, folder, problems)
    try:
        table = find_table(args.table)
    except DataError as error:
        problems.items.extend(error.problems)
    if not args.label and problems.items:  # else find_label lists the table's columns
        problems.add("LABEL", "is missing", "Name the column that is the conversion", "label-missing")
    problems.raise_if_any(UsageError)
    assert table is not None  # an error always leaves a problem
    return table


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
