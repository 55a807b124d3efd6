"""What ships against what was judged: `python bench/refit.py`.

Simulates the portal with several seeds. For each it trains on the logs until three weeks before their end, evaluates,
refits, and prints the log loss of both models on the two weeks that follow, which neither has seen. Then it refits once
more from rows in which the labels between the splits say the opposite: no rule before the refit looks at those, and the
verdict must be `hold`. Exit code 1 when an honest refit is held, or a planted one is not.
"""

import argparse
import shutil
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path[0] = str(ROOT)  # in place of this folder, whose packaging.py is not the library of that name

import pyarrow as pa
import pyarrow.parquet as pq
from rich.console import Console
from rich.table import Table

from artifacts.split import REST, split_file
from artifacts.verdict import Verdict
from bench.spread import spread
from components.evaluate.candidates import BundleCandidate
from components.evaluate.evaluate import evaluate
from components.evaluate.inputs import InputFolders
from components.evaluate.metrics.probability import losses
from components.evaluate.scoring import score
from components.evaluate.test_set import read_rows
from components.extract.extract import extract
from components.extract.window import window
from components.preprocess.preprocess import preprocess
from components.refit.refit import refit
from components.train.train import train
from examples.rental_portal.simulate import Portal, simulate
from model.bundle.bundle import load
from model.spec.reader import read_spec
from model.spec.types import Spec

THREADS = 2
END, LATER = "2026-06-10", "2026-07-01"  # the later logs have as test split the two weeks from the first end on


def quiet(*_: object) -> None:
    """Progress is not shown."""


@dataclass(frozen=True)
class Comparison:
    """Of one simulated portal. `judged` and `shipped` are log losses on newer rows."""

    seed: int
    judged: float
    shipped: float
    honest: Verdict
    planted: Verdict

    @property
    def change(self) -> float:
        """Of log loss by the refit, in percent."""
        return 100 * (self.shipped / self.judged - 1)


def compare(spec: Spec, seed: int, lists: int, trials: int, folder: Path) -> Comparison | None:
    """None where the judged model is not promoted, so that nothing is refitted."""
    simulate(Portal(lists=lists, seed=seed), folder / "portal", progress=quiet)
    splits, later = (_splits(spec, folder, end) for end in (END, LATER))
    train(
        spec, splits, splits, folder / "trained", trials=trials, minutes=spec.training.minutes, threads=THREADS,
        progress=quiet,
    )  # fmt: skip
    inputs = InputFolders(folder / "trained" / "bundle", splits, folder / "trained", splits, None)
    if evaluate(spec, inputs, folder / "evaluated", progress=quiet, threads=THREADS) != "promote":
        return None
    honest = _refit(spec, splits, folder, "honest")
    _invert_labels(spec, splits / REST)
    planted = _refit(spec, splits, folder, "planted")
    bundles = {"judged": folder / "trained" / "bundle", "shipped": folder / "honest" / "bundle"}
    loss = _log_losses(spec, bundles, later)
    return Comparison(seed, loss["judged"], loss["shipped"], honest, planted)


def _splits(spec: Spec, folder: Path, end: str) -> Path:
    rows, splits = folder / f"rows-{end}", folder / f"splits-{end}"
    extract(spec, f"duckdb:{folder / 'portal' / 'data'}", window(spec, end), rows, progress=quiet)
    preprocess(spec, rows, splits, progress=quiet)
    shutil.rmtree(rows)
    return splits


def _refit(spec: Spec, splits: Path, folder: Path, name: str) -> Verdict:
    shipped, decision = folder / name, folder / f"{name}-decision"
    refit(
        spec, splits, folder / "trained", folder / "evaluated", shipped, decision, threads=THREADS, progress=quiet
    )  # fmt: skip
    return Verdict.read(decision)


def _invert_labels(spec: Spec, path: Path) -> None:
    """The fault that is planted."""
    rows, label = pq.read_table(path), spec.columns.label
    opposite = pa.array(1 - rows[label].to_numpy())
    pq.write_table(rows.set_column(rows.column_names.index(label), label, opposite), path)


def _log_losses(spec: Spec, bundles: dict[str, Path], splits: Path) -> dict[str, float]:
    """Of the bundles, by name, on the test split: each row at the position at which it was shown."""
    path = split_file(splits, "test")
    rows = read_rows(spec, [path])
    scores = score(
        {name: BundleCandidate(load(folder), threads=THREADS) for name, folder in bundles.items()}, path, rows, quiet
    )
    return {name: float(losses(rows.label, scores[name].probability).mean()) for name in bundles}


def comparisons(args: argparse.Namespace, console: Console) -> Iterator[Comparison]:
    spec = read_spec(ROOT / "examples" / "rental_portal")
    for seed in range(1, args.seeds + 1):
        with tempfile.TemporaryDirectory() as temporary, console.status(f"seed {seed} of {args.seeds}"):
            comparison = compare(spec, seed, args.lists, args.trials, Path(temporary))
        if comparison is None:
            console.print(f"seed {seed}: the judged model was not promoted, so there is no refit; left out")
        else:
            yield comparison


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=5, help="simulated portals")
    parser.add_argument("--lists", type=int, default=20_000, help="result lists of each, 20 rows a list")
    parser.add_argument("--trials", type=int, default=4, help="of the search")
    args = parser.parse_args()
    console = Console(width=120)
    table = Table(title="log loss on two weeks that neither model has seen")
    for heading in ("seed", "judged", "refit", "change", "order", "level", "honest refit", "planted refit"):
        table.add_column(heading, justify="right")
    results = list(comparisons(args, console))
    for result in results:
        assert result.honest.refit is not None
        agreement = result.honest.refit.metrics
        table.add_row(
            str(result.seed), f"{result.judged:.5f}", f"{result.shipped:.5f}", f"{result.change:+.2f} %",
            f"{agreement['order_agreement']:.3f}", f"{agreement['level_ratio']:.2f}",
            result.honest.verdict, result.planted.verdict,
        )  # fmt: skip
    console.print(table)
    if not results:
        console.print("no model was promoted: ask for more lists")
        return 1
    console.print(f"change of log loss: median {spread([result.change for result in results], ' %')}")
    console.print("the last planted refit:")
    for reason in results[-1].planted.failed:
        console.print(f"  {reason.rule}: {reason.message}")
    return 0 if all((r.honest.verdict, r.planted.verdict) == ("promote", "hold") for r in results) else 1


if __name__ == "__main__":
    sys.exit(main())
