"""Simulate the rental portal of the example."""

from pathlib import Path

import click

from cli.outcome import Done
from cli.types import WholeNumber
from cli.verb import Call, Verb
from model.errors import OutputError, Problem


@click.command("simulate", cls=Verb, unchanged="tables that were there before are unchanged")
@click.argument("folder", type=click.Path(path_type=Path))
@click.option(
    "--lists",
    type=WholeNumber(1, None, example=40_000),
    default=40_000,
    help="List pages of 20 impressions each.",
    show_default=True,
)
@click.option("--days", type=WholeNumber(1, None, example=90), default=90, help="Days of logs.", show_default=True)
@click.option("--seed", type=int, default=7, help="Seed of the random numbers.", show_default=True)
@click.option("--no-truth", is_flag=True, help="Leave out the attraction of every impression.")
def simulate(_: Call, folder: Path, lists: int, days: int, seed: int, no_truth: bool) -> Done:
    """Simulate the logs of a rental portal, for examples/rental_portal.

    FOLDER gets data/, the tables, and truth/, what no model may read.
    """
    from rich.console import Console
    from rich.progress import Progress

    from examples.rental_portal.simulate import Portal
    from examples.rental_portal.simulate import simulate as write

    bars = Progress(console=Console(stderr=True), transient=True)
    task = bars.add_task("simulating the portal", total=days)
    try:
        with bars:
            write(
                Portal(lists, days, seed, truth=not no_truth),
                folder,
                progress=lambda done, _: bars.update(task, completed=done),
            )
    except FileExistsError as error:
        hint = "Name another folder, or move it away"
        problem = Problem(str(error.filename), "was not made by the simulation", hint, "out-foreign")
        raise OutputError(problem) from None
    return Done({"tables": str(folder / "data")})
