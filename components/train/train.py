"""Train one model: search a setting, bag it over folds, calibrate; write the bundle with its baselines beside it."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from components.train import calibrate, linear
from components.train.baselines import baselines, logistic
from components.train.ensemble import merge
from components.train.golden import golden_rows
from components.train.search import Found, fixed_parameters, log_loss, matrix_of, search
from components.train.splits import Part, data_sha256, learn_features, read_part, refuse_one_class
from components.train.stages import Report, Stages
from model.bundle.booster import xgboost
from model.bundle.bounds import Bounds
from model.bundle.bundle import write
from model.bundle.calibration import Calibration, Sampling
from model.bundle.features import Feature
from model.bundle.linear import Linear
from model.bundle.manifest import Lineage, Manifest, Position, Trees
from model.expression import Expression
from model.files import new_folder, read_json, write_json
from model.spec.types import Spec

LIBRARIES = {"xgboost": xgboost.__version__, "numpy": np.__version__}


def train(
    spec: Spec,
    parts: Path,
    extracted: Path,
    out: Path,
    *,
    trials: int,
    minutes: float,
    threads: int,
    progress: Report,
) -> None:
    """Write `out/bundle`, `out/training.json` and `out/baselines.json`, whole or not at all.

    The same parts, spec and number of trials give the same bytes on any number of threads, as long as the search ends
    by its trials. Raises DataError for parts that are damaged, and for those of one class where there are conversions
    enough for a verdict.
    """
    stages = Stages(progress, trials=trials, folds=spec.training.folds)
    stages.begin("reading the rows")
    features = learn_features(spec, parts / "train.parquet")
    rows = read_part(spec, parts, "train", features)
    newest = read_part(spec, parts, "calibration", features)
    split = read_json(parts / "split.json", made_by="preprocess")
    counts = sum(part["positives"] for part in split["parts"].values())
    refuse_one_class(spec, parts, {"train": rows, "calibration": newest}, counts)
    stages.begin(f"fitting logistic regressions to {rows.rows:,} rows")
    sampling = Sampling(kept_negatives=split["sampling"]["kept_negatives"])
    found = search(
        rows,
        features,
        by_time=spec.split.by == "time",
        trials=trials,
        minutes=minutes,
        seed=spec.training.seed,
        threads=threads,
        progress=lambda done, _, says: stages.searched(done, says),
    )
    stages.search_is_over()
    model = choose(spec, rows, newest, features, sampling, found, threads, stages)
    manifest = model.manifest(lineage_of(spec, parts, extracted, split, rows))
    stages.begin("fitting the baselines")
    others = baselines(spec, rows, newest, features, sampling)
    stages.begin("writing the bundle with its golden rows")
    with new_folder(out) as folder:
        write(folder / "bundle", manifest, model.booster, golden_rows(manifest, model.booster, parts))
        write_json(folder / "training.json", told(found, trials, minutes))
        write_json(folder / "baselines.json", others)
    kept = sampling.kept_negatives  # the test rows are not thinned: their log loss is another
    rows_told = f" on rows with {kept:.0%} of the non-conversions" if kept < 1 else ""
    best = f"best log loss {found.log_loss:.5f}{rows_told}"
    stages.end(f"{len(found.trials)} trials, {best}: {model.kind}")


def bag(
    spec: Spec,
    rows: Part,
    features: Sequence[Feature],
    start: Linear,
    found: Found,
    threads: int,
    stages: Stages,
) -> list[xgboost.Booster]:
    """One booster per fold, each trained on all other folds. Folds keep groups whole."""
    names = [feature.name for feature in features]
    margin = start.margin(rows.matrix, names)
    # The remainder by folds would divide groups as the search's validation does; other bits make it independent.
    fold = (rows.group >> np.uint64(20)) % np.uint64(spec.training.folds)
    members = []
    for number in range(spec.training.folds):
        stages.begin(f"training the best setting without fold {number + 1} of {spec.training.folds}")
        chosen = fold != number
        matrix = matrix_of(rows.matrix[chosen], rows.label[chosen], features, threads)
        matrix.set_base_margin(margin[chosen])
        parameters = fixed_parameters(features, threads) | found.parameters | {"seed": spec.training.seed + number}
        members.append(xgboost.train(parameters, matrix, found.rounds, verbose_eval=False))
    return members


@dataclass(frozen=True)
class _Model:
    """A trained and calibrated model, before it is a bundle. `kind` says in words what it is made of."""

    spec: Spec
    features: Sequence[Feature]
    kind: str
    linear: Linear
    booster: bytes
    trees: Trees
    sampling: Sampling
    calibration: Calibration
    metrics: dict[str, float]
    found: Found

    def manifest(self, lineage: Lineage) -> Manifest:
        position = self.spec.columns.position
        return Manifest(
            model=self.spec.model,
            label=self.spec.columns.label,
            conversion_days=self.spec.source.conversion_days,
            features=tuple(self.features),
            position=Position(feature=position) if position else None,
            bounds=bounds_of(self.spec),
            linear=self.linear,
            trees=self.trees,
            sampling=self.sampling,
            calibration=self.calibration,
            search={
                **self.found.parameters,
                "kind": self.kind,
                "start": self.found.start,
                "rounds": self.found.rounds,
                "linear_strength": self.found.strength,
                "log_loss": self.found.log_loss,
                "trials": len(self.found.trials),
                "stopped_by": self.found.stopped_by,
                "seed": self.spec.training.seed,
            },
            metrics=self.metrics,
            lineage=lineage,
            libraries=LIBRARIES,
        )


def choose(
    spec: Spec,
    rows: Part,
    newest: Part,
    features: Sequence[Feature],
    sampling: Sampling,
    found: Found,
    threads: int,
    stages: Stages,
) -> _Model:
    """The bag of the best setting, or a logistic regression alone where that is better on the newest rows.

    Both are calibrated there first. Under strong drift what the search found on older rows may be worth nothing on
    newer ones; the trees' part is then a single tree of zeros, so that the bundle keeps its one format.
    """
    names = [feature.name for feature in features]
    start = linear.prior(rows.label)
    if found.start == "linear":
        start = linear.fit(rows.matrix, rows.label, features, strength=found.strength)
    members = bag(spec, rows, features, start, found, threads, stages)
    stages.begin("calibrating on the newest rows")
    booster = merge(members)
    margin = start.margin(newest.matrix, names) + margin_of(booster, newest.matrix)
    calibration = calibrate.fit(sampling.correct(margin), newest.label)
    loss = log_loss(calibration.apply(sampling.correct(margin)), newest.label)
    stages.begin("fitting a logistic regression alone")
    alone = logistic(rows, newest, features, sampling, directions=True)
    if loss <= alone.log_loss:
        kind = "trees on a logistic regression" if found.start == "linear" else "trees"
        trees = Trees(trees=len(members) * found.rounds, members=len(members))
        chosen = (kind, start, booster, trees, sampling, calibration, metrics(loss, newest))
    else:
        nothing = merge([members[0][:1]], weight=0.0)
        told = metrics(alone.log_loss, newest)
        chosen = (
            "logistic regression",
            alone.linear,
            nothing,
            Trees(trees=1, members=1),
            sampling,
            alone.calibration,
            told,
        )
    return _Model(spec, features, *chosen, found)


def margin_of(booster: bytes, matrix: NDArray[np.float32]) -> NDArray[np.float64]:
    """What the trees add to the log odds, summed as a server sums them."""
    trees = xgboost.Booster({"nthread": 1})
    trees.load_model(bytearray(booster))
    return trees.inplace_predict(matrix, predict_type="margin", missing=np.nan).astype(np.float64)


def metrics(loss: float, newest: Part) -> dict[str, float]:
    """On the calibration part, which the calibration itself has seen: for people, never for a decision."""
    rate = linear.rate_of(newest.label)
    base = float(-rate * np.log(rate) - (1 - rate) * np.log(1 - rate))
    return {
        "calibration_part_log_loss": loss,
        "calibration_part_normalised_entropy": loss / base,
        "calibration_part_rate": rate,
    }


def bounds_of(spec: Spec) -> tuple[Bounds, ...]:
    """The rejection rules that a server can measure: those over numbers that are its inputs."""
    numbers = {name for name, feature in spec.features.items() if feature.kind == "number"}
    return tuple(rule.bounds for rule in spec.reject if set(Expression.parse(rule.expression).columns) <= numbers)


def lineage_of(spec: Spec, parts: Path, extracted: Path, split: dict[str, Any], rows: Part) -> Lineage:
    told = read_json(extracted / "extract.json", made_by="extract")
    counted = split["parts"]
    return Lineage(
        spec_sha256=spec.spec_sha256,
        sql_sha256=spec.sql_sha256,
        start=told["start"],
        end=told["end"],
        cutoff=split["cutoff"],
        rows={name: part["rows"] for name, part in counted.items()} | {"train_sampled": rows.rows},
        positives={name: part["positives"] for name, part in counted.items()},
        data_sha256=data_sha256(parts),
    )


def told(found: Found, trials: int, minutes: float) -> dict[str, Any]:
    """training.json: how the search went. No seconds, so that the same search gives the same file."""
    return {
        "stopped_by": found.stopped_by,
        "budget": {"trials": trials, "minutes": minutes},
        "best": {"start": found.start, "rounds": found.rounds, "log_loss": found.log_loss, **found.parameters},
        "trials": found.trials,
    }
