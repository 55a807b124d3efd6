"""The simulated portal over several seeds: what the shipped order is truly worth, which only a simulation knows."""

import tempfile
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
from rich.console import Console
from rich.table import Table

from bench.goals import Goal
from bench.quality.data_sets import SIMULATOR
from components.extract.extract import extract
from components.extract.window import window
from components.preprocess.preprocess import preprocess
from components.train.train import train
from examples.rental_portal.simulate import Portal, simulate
from examples.rental_portal.truth import Worth, worth
from model.bundle.bundle import load
from model.bundle.predictor import Predictor
from model.spec.reader import read_spec

THREADS = 2
LEAST_SHARE, MEDIAN_SHARE, LEAST_LIFT = 0.92, 0.93, 0.20


def quiet(*_: object) -> None:
    """Progress is not shown."""


def shipped_worth(seed: int, folder: Path) -> Worth:
    """Of the judged model's order on the test split of a portal, in the empty folder `folder`."""
    spec = read_spec(SIMULATOR)
    simulate(Portal(seed=seed), folder / "portal", progress=quiet)
    data = f"duckdb:{folder / 'portal' / 'data'}"
    extract(spec, data, window(spec, str(spec.source.end)), folder / "rows", progress=quiet)
    preprocess(spec, folder / "rows", folder / "splits", progress=quiet)
    train(
        spec, folder / "splits", folder / "rows", folder / "trained", trials=spec.training.trials,
        minutes=spec.training.minutes, threads=THREADS, progress=quiet,
    )  # fmt: skip
    bundle = load(folder / "trained" / "bundle")
    test = pq.read_table(folder / "splits" / "test.parquet")
    predictor = Predictor(bundle)
    inputs = {feature.name: test[feature.name].to_pylist() for feature in bundle.manifest.inputs}
    lists, listings = (test[name].cast("int64").to_numpy() for name in ("list_id", "listing_id"))
    return worth(folder / "portal" / "truth", lists, listings, predictor.probability(predictor.encode(inputs)))


def portals(seeds: int, console: Console) -> list[Goal]:
    """Prints a line for each seed from 1; the goals."""
    table = Table(title="simulated portal: true conversions of the shipped order")
    for heading in ("seed", "share of the ideal order's", "ahead of the old order"):
        table.add_column(heading, justify="right")
    values = []
    for seed in range(1, seeds + 1):
        with tempfile.TemporaryDirectory() as temporary:
            values.append(shipped_worth(seed, Path(temporary)))
        table.add_row(str(seed), f"{values[-1].share_of_ideal:.3f}", f"{values[-1].lift_over_logged:+.0%}")
    shares, lifts = [value.share_of_ideal for value in values], [value.lift_over_logged for value in values]
    table.add_row("median", f"{np.median(shares):.3f}", f"{np.median(lifts):+.0%}", end_section=True)
    table.add_row("smallest", f"{min(shares):.3f}", f"{min(lifts):+.0%}")
    console.print(table)
    return [
        Goal("least share of the ideal order", min(shares), LEAST_SHARE, at_most=False),
        Goal("median share of the ideal order", float(np.median(shares)), MEDIAN_SHARE, at_most=False),
        Goal("least lead over the old order", min(lifts), LEAST_LIFT, at_most=False),
    ]
