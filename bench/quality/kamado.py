"""Kamado's program: `python bench/quality/kamado.py TASK`. From the rest of the rows to the bundle that would ship.

The refit is made whatever the verdict would be, because what ships after `promote` is to be compared. The budget is for
all of training: SEARCH of it for the search, the rest for the members of the final model and the refit.
"""

import json
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path[0] = str(ROOT)  # in place of this folder

import numpy as np
import pyarrow.parquet as pq

from artifacts.split import SplitSummary
from artifacts.splits import encode
from components.evaluate.candidates import BundleCandidate
from components.evaluate.evaluate import evaluate
from components.evaluate.inputs import InputFolders
from components.evaluate.scoring import score
from components.evaluate.test_set import read_rows
from components.preprocess.preprocess import preprocess
from components.refit.bundle import write_bundle
from components.refit.model import fit_model
from components.refit.rows import read_refit_rows
from components.train.recipe import Recipe
from components.train.train import train
from model.arrays import Floats
from model.bundle.bundle import Bundle, load
from model.spec.reader import read_spec
from model.spec.types import Spec

SEARCH = 0.6
SAFETY_MINUTES = 600
SCORING_SECONDS = 2.0


@dataclass(frozen=True)
class KamadoTask:
    """`spec` is the set's folder with its spec; `rows` has its held-out rows and extract's folder of the rest.

    `judge`: evaluate the model too, and ship nothing that was not compared.
    """

    spec: Path
    rows: Path
    out: Path
    seed: int
    cpu_seconds: float
    judge: bool

    @classmethod
    def read(cls, path: Path) -> "KamadoTask":
        document = json.loads(path.read_text())
        spec, rows, out = (Path(document[name]) for name in ("spec", "rows", "out"))
        return cls(spec, rows, out, document["seed"], document["cpu_seconds"], document["judge"])

    def seeded(self) -> Spec:
        """The set's spec with the seed of this run, and its share of the budget."""
        spec = read_spec(self.spec)
        budget = {"seed": self.seed, "cpu_seconds": SEARCH * self.cpu_seconds, "refit": True}
        split = spec.split.model_copy(update={"seed": self.seed})
        return spec.model_copy(update={"training": spec.training.model_copy(update=budget), "split": split})


def quiet(*_: object) -> None:
    """Progress is not shown."""


def refit(spec: Spec, splits: Path, judged: Bundle, folder: Path) -> Bundle:
    """The judged bundle's recipe on every row, as it ships after `promote`."""
    with tempfile.TemporaryDirectory() as temporary:
        inputs = [statistic.input for statistic in judged.manifest.statistics]
        settings = len(Recipe.of(judged.manifest.search).settings)
        rows = read_refit_rows(
            spec, splits, SplitSummary.read(splits), inputs, settings=settings, threads=1, temporary=Path(temporary)
        )
        fitted = fit_model(spec, rows, judged.manifest, progress=quiet)
        return write_bundle(judged, rows, fitted, splits, folder)


def probabilities(spec: Spec, bundle: Bundle, outer: Path) -> Floats:
    """At the logged positions."""
    scores = score({"it": BundleCandidate(bundle, threads=1)}, outer, read_rows(spec, [outer]), quiet)
    return scores["it"].probability


def scoring_rate(bundle: Bundle, outer: Path) -> float:
    """Rows that are encoded and scored in a processor second."""
    candidate = BundleCandidate(bundle, threads=1)
    table = pq.read_table(outer, columns=list(candidate.columns))
    batches = table.to_batches()
    began, rows = time.process_time(), 0
    while time.process_time() - began < SCORING_SECONDS:
        for batch in batches:
            candidate.predictor.probability(encode(candidate.features, batch))
        rows += table.num_rows
    return rows / (time.process_time() - began)


def run(task: KamadoTask) -> dict[str, object]:
    """Answer of the task; the probabilities of both bundles are written into its folder."""
    spec, out = task.seeded(), task.out
    extracted, splits, trained, outer = (
        task.rows / "extracted",
        out / "splits",
        out / "trained",
        task.rows / "outer.parquet",
    )
    preprocess(spec, extracted, splits, progress=quiet)
    began = time.process_time()
    train(
        spec, splits, extracted, trained, trials=spec.training.trials, minutes=SAFETY_MINUTES, threads=1, progress=quiet
    )  # fmt: skip
    training = time.process_time() - began
    judged = load(trained / "bundle")
    began = time.process_time()
    shipped = refit(spec, splits, judged, out / "refit")
    refitting = time.process_time() - began
    np.save(out / "probability.npy", probabilities(spec, shipped, outer))
    np.save(out / "judged.npy", probabilities(spec, judged, outer))
    report = json.loads((trained / "training.json").read_text())
    verdict = None
    if task.judge:
        folders = InputFolders(trained / "bundle", splits, trained, extracted)
        verdict = evaluate(spec, folders, out / "evaluated", progress=quiet, threads=1)
    note = f"{judged.manifest.search['kind']}, {len(report['trials'])} trials, stopped by {report['stopped_by']}"
    return {
        "cpu_seconds": training + refitting,
        "refit_cpu_seconds": refitting,
        "bytes": sum(path.stat().st_size for path in (out / "refit").rglob("*") if path.is_file()),
        "rows_per_cpu_second": scoring_rate(shipped, outer),
        "note": note,
        "verdict": verdict,
    }


if __name__ == "__main__":
    task = KamadoTask.read(Path(sys.argv[1]))
    answer = run(task)
    (task.out / "answer.json").write_text(json.dumps(answer))
