"""How good default settings are: `python bench/quality.py`.

For every example data set that is there: test log loss of Kamado's model, of an untuned XGBoost with early stopping and
of a logistic regression (scikit-learn), all on the same split, the others once as they are and once calibrated as
Kamado's is, with paired bootstrap intervals of the differences and the processor seconds of each. For the simulated
portal over several seeds: how much of the ideal order's true conversions the shipped order reaches, and how far it is
ahead of the old order. Exit code 1 when a goal is missed.
"""

import argparse
import dataclasses
import sys
import tempfile
import time
from pathlib import Path

from model.arrays import Floats

ROOT = Path(__file__).resolve().parents[1]
sys.path[0] = str(ROOT)  # in place of this folder, whose packaging.py is not the library of that name

import numpy as np
import pyarrow.parquet as pq
import xgboost
from numpy.typing import NDArray
from rich.console import Console
from rich.table import Table
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import StandardScaler

from artifacts.split import SPLITS, SplitName
from components.extract.extract import extract
from components.extract.window import window
from components.preprocess.preprocess import preprocess
from components.train import calibrate
from components.train.boosting import feature_types
from components.train.row_arrays import RowStorage
from components.train.split_rows import SplitRows, read_rows
from components.train.train import train
from examples.rental_portal.simulate import Portal, simulate
from examples.rental_portal.truth import worth
from model.bundle.bundle import Bundle, load
from model.bundle.features import CategoryFeature
from model.bundle.predictor import Predictor
from model.spec.reader import read_spec
from model.spec.types import Spec

DATA = {
    "renthop": "renthop_dev",
    "renthop_listlog": "renthop_listlog_dev",
    "bank_marketing": "bank_marketing",
    "online_shoppers": "online_shoppers",
    "telco_churn": "telco_churn",
}
SHARED = ROOT.parent / "shared" / "data"
THREADS = 2
DRAWS = 500
SLACK = 0.001  # of log loss, against the logistic regression
LEAST_SHARE, MEDIAN_SHARE, LEAST_LIFT = 0.92, 0.93, 0.20


@dataclasses.dataclass
class Baseline:
    """Losses per test row, as the model is and calibrated as Kamado's is, and the processor seconds that it took."""

    plain: Floats
    calibrated: Floats
    seconds: float


def quiet(*_: object) -> None:
    """Progress is not shown."""


def steps(spec: Spec, data: Path, folder: Path, trials: int | None) -> float:
    """Run extract, preprocess and train into `folder`; returns the processor seconds of train."""
    extract(spec, f"duckdb:{data}", window(spec, str(spec.source.end)), folder / "rows", progress=quiet)
    preprocess(spec, folder / "rows", folder / "splits", progress=quiet)
    began = time.process_time()
    train(
        spec, folder / "splits", folder / "rows", folder / "trained", trials=trials or spec.training.trials,
        minutes=spec.training.minutes, threads=THREADS, progress=quiet,
    )  # fmt: skip
    return time.process_time() - began


def losses(z: Floats, label: NDArray[np.float32]) -> Floats:
    """Log loss of every row, from log odds."""
    return np.logaddexp(0.0, np.where(label > 0, -z, z))


def baseline(
    calibration: Floats, test: Floats, bundle: Bundle, rows: dict[SplitName, SplitRows], began: float
) -> Baseline:
    """From log odds of the calibration and the test split, as fitted on sampled rows."""
    correct = bundle.manifest.sampling.correct
    fitted = calibrate.fit(correct(calibration), rows["calibration"].label)
    label = rows["test"].label
    plain, better = losses(correct(test), label), losses(fitted.apply(correct(test)), label)
    return Baseline(plain, better, time.process_time() - began)


def untuned(bundle: Bundle, rows: dict[SplitName, SplitRows]) -> Baseline:
    """XGBoost as it comes, stopped early on the calibration split."""
    began = time.process_time()
    features = bundle.manifest.features
    kinds = {"feature_types": feature_types(features), "enable_categorical": True, "nthread": THREADS}
    fitted = xgboost.QuantileDMatrix(rows["train"].encoded.values(), rows["train"].label, **kinds)
    calibration = rows["calibration"]
    stop = xgboost.QuantileDMatrix(calibration.encoded.values(), calibration.label, ref=fitted, **kinds)
    parameters = {"objective": "binary:logistic", "eval_metric": "logloss", "nthread": THREADS, "seed": 7}
    model = xgboost.train(
        parameters, fitted, 2000, evals=[(stop, "stop")], early_stopping_rounds=50, verbose_eval=False
    )
    best = model[: model.best_iteration + 1]
    z = [best.inplace_predict(rows[p].encoded.values(), predict_type="margin").astype(np.float64) for p in SPLITS[1:]]
    return baseline(*z, bundle, rows, began)


def logistic(bundle: Bundle, rows: dict[SplitName, SplitRows]) -> Baseline:
    """scikit-learn's logistic regression: standardised numbers, one-hot categories, gaps filled with the mean."""
    began = time.process_time()
    matrix = {name: rows[name].encoded.values() for name in SPLITS}
    design: dict[SplitName, list[Floats]] = {name: [] for name in SPLITS}
    for index, feature in enumerate(bundle.manifest.features):
        for name, columns in design.items():
            columns.append(_columns(matrix[name][:, index], matrix["train"][:, index], feature))
    x = {name: np.hstack(columns) for name, columns in design.items()}
    scaler = StandardScaler().fit(x["train"])
    model = LogisticRegression(max_iter=2000).fit(scaler.transform(x["train"]), rows["train"].label)
    z = [model.decision_function(scaler.transform(x[name])).astype(np.float64) for name in SPLITS[1:]]
    return baseline(*z, bundle, rows, began)


def _columns(column: NDArray[np.float32], fitted: NDArray[np.float32], feature: object) -> Floats:
    if isinstance(feature, CategoryFeature):
        codes = np.where(np.isnan(column), feature.other + 1, column).astype(int)
        return np.eye(feature.other + 2)[codes]
    mean = float(np.nanmean(fitted)) if not np.isnan(fitted).all() else 0.0
    return np.column_stack([np.where(np.isnan(column), mean, column), np.isnan(column)]).astype(np.float64)


def interval(difference: Floats) -> str:
    """Mean and its 95 % interval, paired by row (Poisson bootstrap)."""
    weight = np.random.Generator(np.random.PCG64(7)).poisson(1.0, (DRAWS, len(difference)))
    low, high = np.quantile(weight @ difference / weight.sum(axis=1), [0.025, 0.975])
    return f"{difference.mean():+.4f} ({low:+.4f} {high:+.4f})"


def data_sets(names: list[str], trials: int | None, console: Console) -> bool:
    console.print(
        "Test log loss of Kamado's model minus that of others, with 95 % intervals; below 0 Kamado's is better."
    )
    table = Table()
    headings = ("XGBoost", "XGBoost, calibrated", "logistic", "logistic, calibrated")
    for heading in ("set", "rows", "Kamado's", *headings, "CPU s of each"):
        table.add_column(heading, justify="right")
    reached = True
    for name in names:
        if not (SHARED / DATA[name]).is_dir():
            console.print(f"{name}: {DATA[name]} is not in ../shared/data, left out")
            continue
        with tempfile.TemporaryDirectory() as temporary:
            folder, spec = Path(temporary), read_spec(ROOT / "examples" / name)
            seconds = steps(spec, SHARED / DATA[name], folder, trials)
            bundle = load(folder / "trained" / "bundle")
            splits, inputs, memory = folder / "splits", bundle.manifest.features, RowStorage()
            rows = {split: read_rows(spec, splits, split, inputs, memory) for split in SPLITS}
        test = rows["test"]
        p = Predictor(bundle).probability(test.encoded.values())
        ours = losses(np.log(p) - np.log1p(-p), test.label)
        trees, line = untuned(bundle, rows), logistic(bundle, rows)
        best = [float(min(other.plain.mean(), other.calibrated.mean())) for other in (trees, line)]
        missed = float(ours.mean()) > min(best[0], best[1] + SLACK)
        reached &= not missed
        times = f"{seconds:.0f} / {trees.seconds:.1f} / {line.seconds:.1f}"
        baselines = (trees.plain, trees.calibrated, line.plain, line.calibrated)
        differences = (interval(ours - other) for other in baselines)
        mark = " MISSED" if missed else ""
        table.add_row(name, f"{test.count:,}", f"{ours.mean():.4f}{mark}", *differences, times)
    console.print(table)
    return reached


def portals(seeds: int, trials: int | None, console: Console) -> bool:
    table = Table(title="simulated portal: true conversions of the shipped order")
    for heading in ("seed", "share of the ideal order's", "ahead of the old order"):
        table.add_column(heading, justify="right")
    shares, lifts = [], []
    for seed in range(1, seeds + 1):
        with tempfile.TemporaryDirectory() as temporary:
            folder, spec = Path(temporary), read_spec(ROOT / "examples" / "rental_portal")
            simulate(Portal(seed=seed), folder / "portal", progress=quiet)
            steps(spec, folder / "portal" / "data", folder, trials)
            bundle = load(folder / "trained" / "bundle")
            test = pq.read_table(folder / "splits" / "test.parquet")
            predictor = Predictor(bundle)
            inputs = {feature.name: test[feature.name].to_pylist() for feature in bundle.manifest.inputs}
            ids = [test[name].cast("int64").to_numpy() for name in ("list_id", "listing_id")]
            value = worth(folder / "portal" / "truth", *ids, predictor.probability(predictor.encode(inputs)))
        shares.append(value.share_of_ideal)
        lifts.append(value.lift_over_logged)
        table.add_row(str(seed), f"{value.share_of_ideal:.3f}", f"{value.lift_over_logged:+.0%}")
    table.add_row("median", f"{np.median(shares):.3f}", f"{np.median(lifts):+.0%}", end_section=True)
    table.add_row("smallest", f"{min(shares):.3f}", f"{min(lifts):+.0%}")
    console.print(table)
    return min(shares) >= LEAST_SHARE and float(np.median(shares)) >= MEDIAN_SHARE and min(lifts) >= LEAST_LIFT


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sets", nargs="*", choices=DATA, default=list(DATA), help="data sets; none with --sets alone")
    parser.add_argument("--seeds", type=int, default=5, help="seeds of the portal")
    parser.add_argument("--trials", type=int, help="in place of the specs' own budgets")
    args = parser.parse_args()
    console = Console(width=170)
    reached = data_sets(args.sets, args.trials, console) if args.sets else True
    if args.seeds:
        reached &= portals(args.seeds, args.trials, console)
    console.print("every goal is reached" if reached else "a goal is missed")
    return 0 if reached else 1


if __name__ == "__main__":
    sys.exit(main())
