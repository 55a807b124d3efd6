"""Score Parquet files with a bundle, without a server: the same predictor gives the same numbers."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np

from components.score.flag_counts import FlagCounter, FlagCounts
from components.score.input_columns import BatchEncoder
from components.score.input_files import BATCH_ROWS, InputFiles
from components.score.scores_file import ScoresFile
from model.bundle.bundle import load
from model.bundle.features import CategoryFeature
from model.bundle.folder import GOLDEN, MANIFEST, RETRAIN
from model.bundle.manifest import BundleManifest
from model.bundle.predictor import Engine, Predictor
from model.bundle.row_scorer import RowScorer
from model.errors import BundleError, DataError, Problem, Problems
from model.progress import ReportProgress


@dataclass(frozen=True)
class ScoringSummary:
    """What was scored, with which bundle and engine, and how many rows have values that training did not see.

    `engine_reason` says why it was not the kernel, None where it was.
    """

    model: str
    bundle: str
    engine: Engine
    engine_reason: str | None
    files: int
    rows: int
    out: str
    flags: FlagCounts


def score(
    bundle: Path,
    data: Path,
    out: Path,
    *,
    ids: Sequence[str],
    progress: ReportProgress,
    engine: Literal["auto", "kernel", "xgboost"] = "auto",
    batch_rows: int = BATCH_ROWS,
) -> ScoringSummary:
    """Write `out`, a Parquet file with the columns `ids` and `probability`, in the order of the rows in `data`.

    Memory does not grow with the rows; `out` is written whole or not at all. Raises BundleError for a bundle that
    cannot be used or whose golden rows come out differently, DataError with every problem of the files.
    """
    loaded = load(bundle)
    problems = Problems()
    _check_output(out, data, problems)
    files = InputFiles.open(data, loaded.manifest.inputs, tuple(dict.fromkeys(ids)), problems)
    predictor = Predictor(loaded, engine=engine)
    _reproduce_golden_rows(predictor)
    manifest, scorer = loaded.manifest, RowScorer(predictor)
    encoder, counter, done = BatchEncoder(manifest.inputs), FlagCounter(manifest), 0
    out.parent.mkdir(parents=True, exist_ok=True)
    with ScoresFile.open(out, files.ids, model=manifest.model, bundle=loaded.digest) as scores_file:
        for batch in files.batches(rows=batch_rows):
            scores = scorer.score(encoder.values(batch))
            if not np.isfinite(scores.probability).all():
                problem = f"gives a probability that is not finite for a row of {done:,} to {done + batch.num_rows:,}"
                raise BundleError(Problem(MANIFEST, problem, RETRAIN, "score-not-finite"))
            counter.add(scores.flags)
            scores_file.write(batch, scores.probability)
            done += batch.num_rows
            progress(done, files.rows, f"{done:,} of {files.rows:,} rows")
        flags = counter.counts()
        _refuse_unknown(manifest, flags)
    return ScoringSummary(
        model=manifest.model,
        bundle=loaded.digest,
        engine=predictor.engine,
        engine_reason=predictor.engine_reason,
        files=len(files.paths),
        rows=done,
        out=str(out),
        flags=flags,
    )


def _reproduce_golden_rows(predictor: Predictor) -> None:
    """Raises BundleError when this machine computes other probabilities than training did."""
    inputs = predictor.manifest.inputs
    try:
        columns = {feature.name: [row.input[feature.name] for row in predictor.golden] for feature in inputs}
        probability = predictor.probability(predictor.encode(columns))
    except (KeyError, ValueError, TypeError) as error:
        problem = f"cannot be scored ({type(error).__name__}: {error})"
        raise BundleError(Problem(GOLDEN, problem, RETRAIN, "golden-unscored")) from error
    stored = np.array([row.probability for row in predictor.golden])
    if different := int(np.sum(probability != stored)):
        problem = f"{different} of {len(stored)} rows differ from their stored probability"
        raise BundleError(Problem(GOLDEN, problem, RETRAIN, "golden-differs"))


def _refuse_unknown(manifest: BundleManifest, flags: FlagCounts) -> None:
    """Raises DataError for inputs whose spec has unknown values refused."""
    problems = Problems()
    for feature in manifest.inputs:
        rows = flags.unknown_categories.get(feature.name)
        if rows and isinstance(feature, CategoryFeature) and feature.unknown == "refuse":
            problem = f"has a value that training did not know in {rows:,} rows, which the spec has refused"
            hint = "Leave these rows out, write null, or train again with another `unknown`"
            problems.add(f"input {feature.name}", problem, hint, "score-category-unknown")
    problems.raise_if_any(DataError)


def _check_output(out: Path, data: Path, problems: Problems) -> None:
    """Scores must not replace a file of `data`, nor be read as one the next time."""
    if data.resolve() in (out.resolve(), out.resolve().parent):
        problem = f"is where the rows to score are ({data})"
        problems.add(str(out), problem, "Name a file in another folder", "score-out-in-data")
    elif out.is_dir():
        problems.add(str(out), "is a folder", "Name a file for the scores", "score-out-folder")
    elif out.exists() and not out.is_file():
        problems.add(str(out), "is a device or a pipe", "Name a file for the scores", "score-out-kind")
