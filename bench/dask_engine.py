"""Training on a Dask cluster against training on one machine: `python bench/dask_engine.py`.

Simulates rental portals, and searches, fits, evaluates and refits on each of them in one process and on a cluster of
two processes; on the first portal twice on the cluster. Exit code 1 when an AUC on the cluster is further than MOST
from that of one machine, when a decision is another one, or when the cluster gives other bytes the second time.
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

from artifacts.verdict import Outcome, Verdict
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
DAYS = 90


@dataclass(frozen=True)
class Trained:
    """`digest` is of what ships. `auc` and `log_loss` are of the judged model on the test split, `refit_log_loss` of
    the refit on the newest rows, each by a member that has not seen it; None without a refit."""

    digest: str
    outcome: Outcome
    auc: float
    log_loss: float
    refit_log_loss: float | None


def quiet(*_: object) -> None:
    pass


def on_cluster(spec: Spec, address: str) -> Spec:
    training = spec.training.model_copy(update={"engine": "xgboost-dask", "scheduler": address})
    return spec.model_copy(update={"training": training})


def split_portal(spec: Spec, folder: Path, *, lists: int, seed: int) -> None:
    """`rows` and `splits` of a portal in `folder`."""
    simulate(Portal(lists, DAYS, seed, truth=False), folder / "portal", progress=quiet)
    source = f"duckdb:{folder / 'portal' / 'data'}"
    extract(spec, source, window(spec, str(spec.source.end)), folder / "rows", progress=quiet)
    preprocess(spec, folder / "rows", folder / "splits", progress=quiet)


def trained(spec: Spec, folder: Path, name: str, *, trials: int) -> Trained:
    """On the rows and splits in `folder`."""
    splits, rows, out = folder / "splits", folder / "rows", folder / name
    evaluated, shipped, decision = out / "evaluated", out / "shipped", out / "decision"
    train(spec, splits, rows, out / "trained", trials=trials, minutes=60, threads=2, progress=quiet)
    folders = InputFolders(bundle=out / "trained/bundle", splits=splits, training=out / "trained", extracted=rows)
    evaluate(spec, folders, evaluated, progress=quiet, threads=2)
    outcome = refit(spec, splits, out / "trained", evaluated, shipped, decision, threads=2, progress=quiet)
    metrics, ships = Verdict.read(evaluated).metrics, load(shipped / "bundle")
    loss = ships.manifest.metrics.get("out_of_fold_log_loss")
    return Trained(ships.digest, outcome, float(metrics["auc"]), float(metrics["log_loss"]), loss)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--lists", type=int, default=20_000)
    parser.add_argument("--trials", type=int, default=4)
    parser.add_argument("--seeds", type=int, nargs="+", default=[7, 8, 9])
    args = parser.parse_args()
    console, spec, met = Console(highlight=False, soft_wrap=True), read_spec(SPEC), True
    with LocalCluster(
        n_workers=2, threads_per_worker=1, dashboard_address="127.0.0.1:0", silence_logs=logging.ERROR
    ) as cluster:
        spread = on_cluster(spec, cluster.scheduler_address)
        for seed in args.seeds:
            with tempfile.TemporaryDirectory() as temporary:
                folder = Path(temporary)
                split_portal(spec, folder, lists=args.lists, seed=seed)
                alone = trained(spec, folder, "one", trials=args.trials)
                two = trained(spread, folder, "two", trials=args.trials)
                console.print(f"seed {seed}, one machine: AUC {alone.auc:.5f}, {alone.outcome}")
                refits = (
                    f"{two.refit_log_loss / alone.refit_log_loss - 1:+.3%}"
                    if two.refit_log_loss and alone.refit_log_loss
                    else "none"
                )
                console.print(
                    f"seed {seed}, two processes: {two.outcome}, AUC {two.auc - alone.auc:+.5f} (goal: {MOST}), "
                    f"log loss {two.log_loss / alone.log_loss - 1:+.3%}, "
                    f"of the refit {refits}"
                )
                met &= abs(two.auc - alone.auc) <= MOST and two.outcome == alone.outcome
                if seed == args.seeds[0]:
                    same = trained(spread, folder, "again", trials=args.trials).digest == two.digest
                    console.print(f"the same again: {'the same bytes' if same else 'OTHER BYTES'}")
                    met &= same
    return 0 if met else 1


if __name__ == "__main__":
    sys.exit(main())
