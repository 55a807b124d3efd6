"""Train one model: search a setting, fit it over folds, calibrate; write the bundle with its baselines beside it."""

import tempfile
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from artifacts.document import Document
from artifacts.extract import Extract
from artifacts.split import SplitSummary, cut_folder
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
from model.bundle.bundle import load, write
from model.bundle.golden import GoldenRow
from model.bundle.manifest import BundleLineage, BundleManifest
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
    champion: Path | None = None,
    cache: Path | None = None,
    in_memory: int = IN_MEMORY,
    progress: ReportProgress,
) -> str:
    """Write `out/bundle`, `out/training.json` and `out/baselines.json`, whole or not at all; for further cuts the same
    into folders of their own, each from a search of its own, which has seen no row that the cut tests on.

    Returns the bundle's digest. The same splits, spec and number of trials give the same bytes on any number of
    threads, as long as the search ends by its trials, also when a killed one goes on: `cache` is a folder that outlives
    the process, in which the trials are kept until all is written. The cuts share `minutes` and the processor seconds
    of the spec. `champion` is the bundle of the model in service, None where there is none: its examination curve is
    where the new one's begins. Encoded rows of more than `in_memory` bytes are kept in temporary files, and give the
    same bytes too.
    Raises BundleError for a champion that is damaged, DataError for splits that are, and for those of one class where
    there are conversions enough for a verdict, and DaskError for a cluster that cannot train.
    """
    cuts, seconds = spec.split.cuts, spec.training.cpu_seconds
    budget = SearchBudget(trials=trials, minutes=minutes / cuts, cpu_seconds=seconds and seconds / cuts)
    stages = Stages(progress, trials=trials, folds=spec.training.folds, cuts=cuts)
    extract = Extract.read(extracted)
    in_service = load(champion).manifest if champion else None
    with ExitStack() as stack:
        journals = _Journals(stack, cache)
        cluster = stack.enter_context(open_cluster(spec))
        trained = []
        for number in spec.split.numbers:
            stages.begin_cut(number)
            cut = cut_folder(splits, number)
            with tempfile.TemporaryDirectory() as temporary:
                stages.begin("reading the rows")
                summary = SplitSummary.read(cut)
                inputs = read_inputs(
                    spec, cut, summary,
                    champion=in_service, cluster=cluster, threads=threads,
                    temporary=Path(temporary), in_memory=in_memory,
                )  # fmt: skip
                lineage = lineage_of(inputs, cut, summary, extract)
                trained.append(_train(inputs, cut, lineage, budget, stages, journals))
        with output_folder(out) as folder:
            digests = [cut.write(cut_folder(folder, number)) for number, cut in enumerate(trained, 1)]
        journals.remove()
    stages.end(trained[0].message)
    return digests[0]


def _train(
    inputs: TrainingInputs,
    splits: Path,
    lineage: BundleLineage,
    budget: SearchBudget,
    stages: Stages,
    journals: "_Journals",
) -> "_Trained":
    """One cut."""
    stages.begin(f"fitting logistic regressions to {inputs.train.count:,} rows")
    journal = journals.open(lineage)
    result = search(inputs, budget, journal, progress=lambda done, _, message: stages.searched(done, message))
    stages.search_is_over()
    model = fit_model(inputs, result, stages)
    manifest = manifest_of(inputs, model, result, lineage)
    stages.begin("fitting the baselines")
    simple_models = baselines(inputs)
    stages.begin("writing the bundle with its golden rows")
    golden = golden_rows(manifest, model.booster, splits)
    share = inputs.sampling.kept_negatives  # test rows are not sampled: their log loss is another
    sampled = f" on rows with {share:.0%} of the non-conversions" if share < 1 else ""
    best = f"best log loss {result.log_loss:.5f}{sampled}"
    message = f"{len(result.trials)} trials, {best}: {model.kind}"
    documents = (result.report(budget, inputs.engine.use), result.cost(), simple_models)
    return _Trained(manifest, model.booster, golden, documents, message)


@dataclass(frozen=True)
class _Trained:
    """What is written of a cut, and a sentence on it."""

    manifest: BundleManifest
    booster: bytes
    golden: tuple[GoldenRow, ...]
    documents: Sequence[Document]
    message: str

    def write(self, folder: Path) -> str:
        """Returns the bundle's digest."""
        folder.mkdir(parents=True, exist_ok=True)
        for document in self.documents:
            document.write(folder)
        return write(folder / "bundle", self.manifest, self.booster, self.golden)


class _Journals:
    """Those of all cuts, kept open until every bundle is written."""

    def __init__(self, stack: ExitStack, cache: Path | None) -> None:
        self._stack, self._cache = stack, cache
        self._opened: list[Journal] = []

    def open(self, lineage: BundleLineage) -> Journal:
        self._opened.append(self._stack.enter_context(Journal(_journal(self._cache, lineage))))
        return self._opened[-1]

    def remove(self) -> None:
        for journal in self._opened:
            journal.remove()


def _journal(cache: Path | None, lineage: BundleLineage) -> Path | None:
    if cache is None:
        return None
    return journal_path(
        cache,
        spec_sha256=lineage.spec_sha256,
        sql_sha256=lineage.sql_sha256,
        data_sha256=lineage.data_sha256,
    )
