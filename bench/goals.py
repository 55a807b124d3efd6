"""What must hold, and whether it does."""

from collections.abc import Sequence
from dataclasses import dataclass

from rich.console import Console


@dataclass(frozen=True)
class Goal:
    """A figure with its bound: `at_most` says on which side of it the figure must be."""

    name: str
    figure: float
    bound: float
    unit: str = ""
    at_most: bool = True

    @property
    def reached(self) -> bool:
        """A figure that is NaN reaches nothing."""
        return self.figure <= self.bound if self.at_most else self.figure >= self.bound

    def __str__(self) -> str:
        side = "at most" if self.at_most else "at least"
        figure = f"{self.figure:,.0f}" if self.figure >= 1_000 else f"{self.figure:.3g}"
        text = f"{self.name}: {figure}{self.unit} (goal: {side} {self.bound:,.6g}{self.unit})"
        return text if self.reached else f"[bold red]missed[/] {text}"


def show(goals: Sequence[Goal], console: Console) -> int:
    """Prints every goal; the exit code."""
    for goal in goals:
        console.print(str(goal))
    missed = sum(not goal.reached for goal in goals)
    console.print("every goal is reached" if not missed else f"{missed} of {len(goals)} goals are missed")
    return 1 if missed else 0
