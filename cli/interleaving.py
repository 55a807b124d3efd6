"""Which model people prefer, from a log of interleaved pages."""

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import click

from cli.types import FiniteNumber
from cli.verb import Call, Verb
from model.exit_codes import DONE

if TYPE_CHECKING:
    from rich.console import Console

    from components.evaluate.interleaving.lift import Lift
    from components.evaluate.interleaving.preference import Preference
    from components.evaluate.interleaving.sample_size import SampleSize

MOST_TIMES = 1_000  # the lists that there are: nobody waits for more


@dataclass(frozen=True)
class Compared:
    """A log of interleaved pages; `lift` where a curve was named, `needed` where the log cannot tell."""

    preference: "Preference"
    lift: "Lift | None"
    needed: "SampleSize | None"
    unit: str
    exit_code: int = DONE

    def for_programs(self) -> object:
        return {
            "outcome": "finished",
            "exit_code": self.exit_code,
            "winner": self.preference.winner,
            "unit": self.unit,
            "preference": asdict(self.preference),
            "lift": asdict(self.lift) if self.lift else None,
            "needed": asdict(self.needed) if self.needed else None,
        }

    def show(self, console: "Console") -> None:
        for line in self.lines():
            console.print(line, markup=False, highlight=False, soft_wrap=True)

    def lines(self) -> list[str]:
        """For people."""
        result = self.preference
        credit = result.credit_a + result.credit_b
        lines = [
            f"{result.lists:,} lists, {result.units:,} {self.unit}s, {result.conversions:,.0f} conversions; "
            f"{credit:,.0f} of them tell the teams apart",
            f"B has {result.preference:.1%} of the credit ({result.low:.1%} to {result.high:.1%}), p {result.p:.3g}",
            {"A": "people prefer A", "B": "people prefer B"}.get(result.winner or "", "this log cannot tell")
            + f"; from {result.detectable:.1%} on it finds a winner 8 times in 10",
        ]
        if self.needed:
            more = f"more than {MOST_TIMES:,} times as many lists would have to"
            if self.needed.lists <= MOST_TIMES * result.lists:
                more = f"{self.needed.conversions:,} conversions in {self.needed.lists:,} lists would"
            lines.append(f"if {result.preference:.1%} is the truth, {more} show it 8 times in 10")
        if self.lift:
            lines.append(
                f"conversions of B's order over A's: {self.lift.lift:+.1%} ({self.lift.low:+.1%} to "
                f"{self.lift.high:+.1%}), if the curve is right"
            )
        return lines


@click.command("interleaving", cls=Verb)
@click.option("--log", required=True, metavar="PATH", help="Parquet file, or folder of them, of interleaved pages.")
@click.option(
    "--exponent",
    type=FiniteNumber(0, 3),
    default=None,
    help="Also the lift: examination falls with position ** -EXPONENT.",
)
@click.option(
    "--confidence",
    type=FiniteNumber(0.5, 0.999),
    default=0.95,
    show_default=True,
    help="Of the interval, and what p must reach for a winner.",
)
def interleaving(_: Call, log: str, exponent: float | None, confidence: float) -> Compared:
    """Which of two models people prefer, from pages that show both.

    docs/interleaving.md has the columns of the log, and how many conversions it takes.
    """
    from components.evaluate.interleaving.lift import measured_lift
    from components.evaluate.interleaving.log import read_log
    from components.evaluate.interleaving.preference import prefer
    from components.evaluate.interleaving.sample_size import size_for_share

    pages = read_log(Path(log), exponent)
    result = prefer(pages.credits, confidence)
    undecided = result.winner is None and 0 < result.preference < 1 and result.preference != 0.5
    return Compared(
        result,
        measured_lift(pages.worths, confidence) if pages.worths else None,
        size_for_share(result.preference, result) if undecided else None,
        pages.unit_name,
    )
