"""Simulate the rental portal of the example."""

from datetime import datetime
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
@click.option(
    "--order",
    type=click.Path(path_type=Path),
    default=None,
    metavar="BUNDLE",
    help="Bundle of a released model that orders the lists; without it the portal's old policy does.",
)
@click.option(
    "--explore",
    type=click.FloatRange(0, 1),
    default=0.04,
    help="Share of the lists that are in random order.",
    show_default=True,
)
@click.option(
    "--traffic",
    type=int,
    default=None,
    metavar="SEED",
    help="Seed of lists and users: another one shows the same properties to others. Without it that of --seed.",
)
@click.option(
    "--end",
    type=click.DateTime(["%Y-%m-%d"]),
    default="2026-07-01",
    metavar="DAY",
    help="The day after the last, as 2026-07-01.",
    show_default=True,
)
@click.option("--no-truth", is_flag=True, help="Leave out the attraction of every impression.")
def simulate(
    _: Call,
    folder: Path,
    lists: int,
    days: int,
    seed: int,
    order: Path | None,
    explore: float,
    traffic: int | None,
    end: datetime,
    no_truth: bool,
) -> Done:
    """Simulate the logs of a rental portal, for examples/rental_portal.

    FOLDER gets data/, the tables, and truth/, what no model may read. The logs of the next generation are those that a
    released model ordered: --order BUNDLE --traffic SEED --end DAY, with the same --seed.
    """
    from rich.console import Console
    from rich.progress import Progress

    from examples.rental_portal.policy import OLD, BundlePolicy
    from examples.rental_portal.simulate import Portal
    from examples.rental_portal.simulate import simulate as write

    policy = BundlePolicy(order) if order else OLD
    portal = Portal(
        lists, days, seed, truth=not no_truth, policy=policy, traffic=traffic, end=end.date(), explore=explore
    )
    bars = Progress(console=Console(stderr=True), transient=True)
    task = bars.add_task("simulating the portal", total=days)
    try:
        with bars:
            write(portal, folder, progress=lambda done, _: bars.update(task, completed=done))
    except FileExistsError as error:
        hint = "Name another folder, or move it away"
        problem = Problem(str(error.filename), "was not made by the simulation", hint, "out-foreign")
        raise OutputError(problem) from None
    return Done({"tables": str(folder / "data")})
