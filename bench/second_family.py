"""What a second family of trees would be worth: `python bench/second_family.py`.

For each set of `python bench/quality`: log loss on the held-out rows of the mean of Kamado's and CatBoost's log odds,
against Kamado alone. CatBoost is as it comes, with its own treatment of categories: what could be converted into the
bundle's booster would have less. The control is the mean of two of Kamado's own models that differ by their seed alone,
against the first. Both are with intervals, users, lists or rows drawn again. What bench/quality measured is taken
from the folder WORK, and what is missing there is measured.
"""

import argparse
import os
import sys
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path[0] = str(ROOT)  # in place of this folder, whose packaging.py is not the library of that name

import numpy as np
from rich.console import Console
from rich.table import Table

from bench.quality.comparison import KAMADO, SURE, log_losses
from bench.quality.data_sets import SETS, DataSet
from bench.quality.hold_out import hold_out
from bench.quality.measurements import Measurements
from bench.quality.tools import TOOLS
from build.settings import cache_folder
from components.evaluate.metrics.bootstrap import Sums
from components.evaluate.test_set import read_rows
from model.arithmetic import sigmoid
from model.arrays import Floats
from model.spec.reader import read_spec

CATBOOST = "catboost"
CPU_SECONDS = 120.0
HEADINGS = ("set", "rows", "Kamado", "CatBoost alone", "with CatBoost", "with Kamado's next seed", "CPU s of each")


def mean_of(*probabilities: Floats) -> Floats:
    """The probability at the mean of the log odds, which is what a merged booster gives."""
    clipped = [np.clip(probability, SURE, 1 - SURE) for probability in probabilities]
    return sigmoid(np.mean([np.log(p) - np.log1p(-p) for p in clipped], axis=0))


def mean_losses(label: Floats, models: Sequence[Floats]) -> Floats:
    """Of every row, averaged over the models."""
    return np.mean([log_losses(label, probability) for probability in models], axis=0)


def row(data_set: DataSet, measurements: Measurements, seeds: Sequence[int]) -> list[str]:
    """Of the table. Raises ToolFailed."""
    division = hold_out(data_set, measurements.work)
    ours, theirs = (
        [measurements.measure(data_set, division, TOOLS[name], seed) for seed in seeds] for name in (KAMADO, CATBOOST)
    )
    kamado, catboost = ([each.probability for each in measured] for measured in (ours, theirs))
    rows = read_rows(read_spec(data_set.folder), [division.outer])
    mixed = {
        "alone": kamado,
        "catboost": catboost,
        "both": [mean_of(*pair) for pair in zip(kamado, catboost, strict=True)],
        "seeds": [
            mean_of(*pair) for pair in zip(kamado, kamado[1:] + kamado[:1], strict=True)
        ],  # with one seed: itself
    }
    losses = {name: mean_losses(rows.label, models) for name, models in mixed.items()}
    sums = Sums(rows.unit, losses)
    cells = [data_set.name, f"{len(rows.label):,}", f"{losses['alone'].mean():.5f}"]
    for name in ("catboost", "both", "seeds"):
        percent = 100 * (losses[name].mean() / losses["alone"].mean() - 1)
        gain = sums.gain(name, "alone")
        cells.append(f"{percent:+.2f} % ({100 * gain.low:+.2f} {100 * gain.high:+.2f})")
    seconds = (np.median([each.cpu_seconds for each in measured]) for measured in (ours, theirs))
    return [*cells, " / ".join(f"{each:.0f}" for each in seconds)]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    present = [name for name, data_set in SETS.items() if not data_set.refused]
    parser.add_argument("--sets", nargs="+", choices=present, default=present)
    parser.add_argument(
        "--seeds", nargs="+", type=int, default=[1, 2, 3], help="the control compares two seeds or more"
    )
    parser.add_argument("--cpu-seconds", type=float, default=CPU_SECONDS, help="budget of each tool")
    parser.add_argument("--work", type=Path, default=cache_folder(os.environ) / "bench" / "quality")
    args = parser.parse_args()
    table = Table(*HEADINGS)
    measurements = Measurements(args.work, args.cpu_seconds)
    for name in args.sets:
        if SETS[name].present:
            table.add_row(*row(SETS[name], measurements, args.seeds))
    Console(highlight=False, width=150).print(table)


if __name__ == "__main__":
    main()
