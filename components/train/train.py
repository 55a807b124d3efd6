"""Train one model: search a setting, fit it over folds, calibrate; write the bundle with its baselines beside it."""

import tempfile
from pathlib import Path

from artifacts.extract import Extract
from artifacts.split import SplitSummary
from artifacts.training import SearchBudget
from components.train.baselines import baselines
from components.train.fitted_model import fit_model
from components.train.golden import golden_rows
from components.train.inputs import TrainingInputs, read_inputs
from components.train.journal import Journal, journal_path
from components.train.manifest import lineage_of, manifest_of
from components.train.open_engine import open_cluster
from components.train.row_arrays import IN_MEMORY
from components.train.search import search
from components.train.stages import Stages
from model.bundle.bundle import write
from model.bundle.manifest import BundleLineage
from model.files import output_folder
from model.progress import ReportProgress
from model.spec.types import Spec


def train(
    spec: Spec,
    splits: Path,
    extracted: Path,
    out: Path,
    *,
    trials: int,
    minutes: float,
    threads: int,
    cache: Path | None = None,
    in_memory: int = IN_MEMORY,
    progress: ReportProgress,
) -> str:
    """Write `out/bundle`, `out/training.json` and `out/baselines.json`, whole or not at all.

    Returns the bundle's digest. The same splits, spec and number of trials give the same bytes on any number of
    threads, as long as the search ends by its trials, also when a killed one goes on: `cache` is a folder that outlives
    the process, in which the trials are kept until the bundle is written. Encoded rows of more than `in_memory` bytes
    are kept in temporary files, and give the same bytes too. Raises DataError for splits that are damaged,
    and for those of one class where there are conversions enough for a verdict, and DaskError for a cluster that cannot
    train.
    """
    budget = SearchBudget(trials=trials, minutes=minutes, cpu_seconds=spec.training.cpu_seconds)
    stages = Stages(progress, trials=trials, folds=spec.training.folds)
    stages.begin("reading the rows")
    summary, extract = SplitSummary.read(splits), Extract.read(extracted)
    with open_cluster(spec) as cluster, tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        inputs = read_inputs(
            spec, splits, summary, cluster=cluster, threads=threads, temporary=folder, in_memory=in_memory
        )
        lineage = lineage_of(inputs, splits, summary, extract)
        return _train(inputs, lineage, splits, out, budget, stages, cache)


def _train(
    inputs: TrainingInputs,
    lineage: BundleLineage,
    splits: Path,
    out: Path,
    budget: SearchBudget,
    stages: Stages,
    cache: Path | None,
) -> str:
    stages.begin(f"fitting logistic regressions to {inputs.train.count:,} rows")
    with Journal(_journal(cache, lineage)) as journal:
        result = search(inputs, budget, journal, progress=lambda done, _, message: stages.searched(done, message))
        stages.search_is_over()
        model = fit_model(inputs, result, stages)
        manifest = manifest_of(inputs, model, result, lineage)
        stages.begin("fitting the baselines")
        simple_models = baselines(inputs)
        stages.begin("writing the bundle with its golden rows")
        with output_folder(out) as folder:
            digest = write(folder / "bundle", manifest, model.booster, golden_rows(manifest, model.booster, splits))
            result.report(budget, inputs.engine.use).write(folder)
            result.cost().write(folder)
            simple_models.write(folder)
        journal.remove()
    share = inputs.sampling.kept_negatives  # test rows are not sampled: their log loss is another
    sampled = f" on rows with {share:.0%} of the non-conversions" if share < 1 else ""
    best = f"best log loss {result.log_loss:.5f}{sampled}"
    stages.end(f"{len(result.trials)} trials, {best}: {model.kind}")
    return digest


def _journal(cache: Path | None, lineage: BundleLineage) -> Path | None:
    if cache is None:
        return None
    return journal_path(
        cache,
        spec_sha256=lineage.spec_sha256,
        sql_sha256=lineage.sql_sha256,
        data_sha256=lineage.data_sha256,
    )
