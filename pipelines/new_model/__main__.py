"""A first spec from a table: `python -m pipelines.new_model --model NAME --table FILE --label COLUMN`."""

from model import interrupt

if __name__ == "__main__":
    interrupt.exit_at_once()

import argparse
import sys
from datetime import UTC, datetime
from pathlib import Path

from rich.console import Console

from model.command_line import CommandLine
from model.errors import DataRefused, Faults, Refused
from pipelines.new_model.make import draft_of, refuse_name, write
from pipelines.new_model.summary import show
from pipelines.new_model.table import Table, find_table


def parse() -> argparse.Namespace:
    parser = CommandLine(prog="python -m pipelines.new_model", description=__doc__)
    parser.add_argument("--model", default="", help="name of the model, and of its folder")
    parser.add_argument("--table", default="", help="a .parquet, .csv or .csv.gz file, or a folder of .parquet files")
    parser.add_argument(
        "--label", default="", help="column that is the conversion; COLUMN=VALUE where it is not 0 or 1"
    )
    parser.add_argument("--specs", default="specs", help="folder in which the model's folder is made")
    return parser.parse_args()


def main() -> int:
    args = parse()
    console = Console(soft_wrap=False, highlight=False)
    errors = Console(stderr=True, soft_wrap=True, highlight=False)
    folder = Path(args.specs) / args.model
    try:
        interrupt.raise_from_now_on()
        table = _checked(args.model, args.table, folder)
        today = datetime.now(UTC).date()
        with errors.status("") as status:
            draft, conversions = draft_of(args.model, table, args.label, today=today, progress=status.update)
        write(draft, folder)
    except Refused as refusal:
        errors.print(str(refusal), style="red", markup=False)
        return 1
    except OSError as error:
        errors.print(f"temporary files cannot be written ({error.strerror or error})", style="red", markup=False)
        return 1
    except KeyboardInterrupt:
        errors.print("interrupted; nothing was written", style="red", markup=False)
        return interrupt.INTERRUPTED
    show(draft, conversions, folder, console)
    return 0


def _checked(model: str, table: str, folder: Path) -> Table:
    """Raises DataRefused with everything that is wrong with the variables."""
    faults, found = Faults(), None
    refuse_name(model, folder, faults)
    try:
        found = find_table(table)
    except DataRefused as refusal:
        faults.found.extend(refusal.faults)
    faults.raise_if_any(DataRefused)
    assert found is not None  # a refusal always leaves a fault
    return found


if __name__ == "__main__":
    sys.exit(main())
