"""Training on a Dask cluster against training on one machine: `python bench/dask_engine.py`.

Simulates the rental portal; trains, evaluates and refits on it in one process, on a cluster of two processes, and on
that cluster again. Exit code 1 when the AUC on the cluster is further than MOST from that of one machine, when the
decision is another one, or when the cluster gives other bytes the second time.
"""

import argparse
import logging
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path[0] = str(ROOT)

from distributed import LocalCluster
from rich.console import Console

from artifacts.verdict import Verdict
from components.evaluate.evaluate import evaluate
from components.evaluate.inputs import InputFolders
from components.extract.extract import extract
from components.extract.window import window
from components.preprocess.preprocess import preprocess
from components.refit.refit import refit
from components.train.train import train
from examples.rental_portal.simulate import Portal, simulate
from model.bundle.bundle import load
from model.spec.reader import read_spec
from model.spec.types import Spec

SPEC = ROOT / "examples" / "rental_portal"
MOST = 0.002
DAYS, SEED = 90, 7


@dataclass(frozen=True)
class Trained:
    """The digests of the judged bundle and of the one that ships, and the final outcome. `auc` is on the test split."""

    digests: tuple[str, str]
    auc: float
    outcome: str


def quiet(*_: object) -> None:
    pass


def on_cluster(spec: Spec, address: str) -> Spec:
    training = spec.training.model_copy(update={"engine": "xgboost-dask", "scheduler": address})
    return spec.model_copy(update={"training": training})


def trained(spec: Spec, folder: Path, name: str, *, trials: int) -> Trained:
    """On the rows and splits in `folder`."""
    splits, rows, out = folder / "splits", folder / "rows", folder / name
    evaluated, shipped, decision = (folder / f"{name}-{step}" for step in ("evaluated", "shipped", "decision"))
    digest = train(spec, splits, rows, out, trials=trials, minutes=60, threads=2, progress=quiet)
    folders = InputFolders(bundle=out / "bundle", splits=splits, training=out, extracted=rows)
    evaluate(spec, folders, evaluated, progress=quiet, threads=2)
    auc = float(Verdict.read(evaluated).metrics["auc"])
    outcome = refit(spec, splits, out, evaluated, shipped, decision, threads=2, progress=quiet)
    return Trained((digest, load(shipped / "bundle").digest), auc, outcome)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--lists", type=int, default=20_000)
    parser.add_argument("--trials", type=int, default=4)
    args = parser.parse_args()
    console = Console(highlight=False)
    spec = read_spec(SPEC)
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        simulate(Portal(args.lists, DAYS, SEED, truth=False), folder / "portal", progress=quiet)
        source = f"duckdb:{folder / 'portal' / 'data'}"
        extract(spec, source, window(spec, str(spec.source.end)), folder / "rows", progress=quiet)
        preprocess(spec, folder / "rows", folder / "splits", progress=quiet)
        alone = trained(spec, folder, "one", trials=args.trials)
        with LocalCluster(
            n_workers=2, threads_per_worker=1, dashboard_address="127.0.0.1:0", silence_logs=logging.ERROR
        ) as cluster:
            spread = on_cluster(spec, cluster.scheduler_address)
            first = trained(spread, folder, "first", trials=args.trials)
            again = trained(spread, folder, "again", trials=args.trials)
    difference = first.auc - alone.auc
    console.print(f"one machine: AUC {alone.auc:.5f}, {alone.outcome}")
    console.print(f"two processes: AUC {first.auc:.5f}, {first.outcome}; difference {difference:+.5f} (goal: {MOST})")
    console.print(f"the same again: {'the same bytes' if first.digests == again.digests else 'OTHER BYTES'}")
    met = abs(difference) <= MOST and first.outcome == alone.outcome and first.digests == again.digests
    return 0 if met else 1


if __name__ == "__main__":
    sys.exit(main())
