"""Score files with a bundle, without a server."""

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import click

from cli.serve import DEFAULT_BUNDLE
from cli.types import Names
from cli.verb import Call, Verb
from model.exit_codes import DONE
from model.text import printable

if TYPE_CHECKING:
    from rich.console import Console

    from components.score.score import ScoringSummary

DEFAULT_SCORES = "out/scores.parquet"
FLAGS = {
    "unknown_categories": "unknown category",
    "outside_range": "outside the range of training",
    "outside_bounds": "outside the rule",
}


@dataclass(frozen=True)
class Scored:
    """Files that were scored."""

    summary: "ScoringSummary"
    exit_code: int = DONE

    def for_programs(self) -> object:
        return {"outcome": "finished", "exit_code": self.exit_code, **asdict(self.summary)}

    def show(self, console: "Console") -> None:
        summary = self.summary
        slower = f" ({summary.engine_reason})" if summary.engine_reason else ""
        line = f"{summary.rows:,} rows of {summary.files:,} file(s), engine {summary.engine}{slower}"
        console.print(printable(line), markup=False)
        for kind, counts in asdict(summary.flags).items():
            for name, rows in counts.items():
                share = rows / summary.rows
                console.print(printable(f"{name}: {rows:,} rows ({share:.1%}) {FLAGS[kind]}"), markup=False)
        console.print(printable(f"{summary.model} {summary.bundle}: {summary.out}"), markup=False)


@click.command("score", cls=Verb, unchanged="scores that were there before are unchanged")
@click.option("--data", required=True, metavar="PATH", help="Parquet file, or folder of them, with the model's inputs.")
@click.option("--ids", type=Names(), default="", metavar="NAME,…", help="Columns that stay beside the probability.")
@click.option("--bundle", default="", metavar="FOLDER", help=f"Default: KAMADO_BUNDLE, else {DEFAULT_BUNDLE}.")
@click.option("--out", default=DEFAULT_SCORES, metavar="FILE", help=f"Parquet file; default: {DEFAULT_SCORES}.")
def score(call: Call, data: str, ids: tuple[str, ...], bundle: str, out: str) -> Scored:
    """Score the rows of Parquet files into a Parquet file.

    It has the columns that --ids names and `probability`, in the order of the input.
    """
    from rich.console import Console
    from rich.progress import Progress

    from components.score.score import score as score_files

    folder = Path(bundle or call.environ.get("KAMADO_BUNDLE") or DEFAULT_BUNDLE)
    bars = Progress(console=Console(stderr=True), transient=True)
    task = bars.add_task("scoring", total=None)
    with bars:
        summary = score_files(
            folder,
            Path(data),
            Path(out),
            ids=ids,
            progress=lambda done, total, message: bars.update(
                task, completed=done, total=total, description=printable(message)
            ),
        )
    return Scored(summary)
