"""What evaluate reads, once: the models, the baselines and the documents of the steps before."""

from dataclasses import dataclass
from pathlib import Path

import pyarrow.parquet as pq

from artifacts.baselines import Baselines
from artifacts.extract import Extract
from artifacts.pool import Pool
from artifacts.rejection_report import RejectionReport
from artifacts.split import SplitSummary, cut_folder, split_file
from artifacts.splits import require_columns
from artifacts.training import SearchCost, TrainingReport
from components.evaluate.candidates import BundleCandidate, LogisticCandidate, inputs_of
from components.evaluate.decide.criteria import Criteria
from model.bundle.bundle import Bundle, load
from model.errors import DataError, Problem
from model.spec.types import Spec


@dataclass(frozen=True)
class InputFolders:
    """The folders of the steps before: `bundle` and `training` of train, `splits` of preprocess, `extracted`.

    `champion` is the bundle of the model in service, None where there is none.
    """

    bundle: Path
    splits: Path
    training: Path
    extracted: Path
    champion: Path | None = None


@dataclass(frozen=True)
class EvaluatedCut:
    """Splits, and the models that learned from their older rows; `constant` is the probability of the constant one."""

    number: int
    splits: Path
    summary: SplitSummary
    new: BundleCandidate
    logistic: LogisticCandidate
    constant: float

    @classmethod
    def read(cls, spec: Spec, number: int, folders: InputFolders, *, threads: int) -> "EvaluatedCut":
        """Raises DataError or BundleError for inputs that are missing or damaged, or that belong to another spec."""
        training = cut_folder(folders.training, number)
        path = folders.bundle if number == 1 else training / "bundle"
        bundle = load(path)
        _refuse_other_spec(spec, bundle, path)
        baselines = Baselines.read(training)
        splits = cut_folder(folders.splits, number)
        cut = cls(
            number=number,
            splits=splits,
            summary=SplitSummary.read(splits),
            new=BundleCandidate(bundle, threads=threads),
            logistic=LogisticCandidate(baselines.logistic, position=spec.columns.position),
            constant=baselines.constant.probability,
        )
        require_columns(cut.test, [*inputs_of(cut.new), *inputs_of(cut.logistic)])
        return cut

    @property
    def test(self) -> Path:
        """The Parquet file of the test split."""
        return split_file(self.splits, "test")

    @property
    def rows(self) -> int:
        """Of the test split."""
        rows: int = pq.read_metadata(self.test).num_rows
        return rows


@dataclass(frozen=True)
class EvaluationInputs:
    """The test rows of all `cuts` are pooled; the model of the first, the newest, is the one to evaluate.

    `threads` are XGBoost's.
    """

    spec: Spec
    cuts: tuple[EvaluatedCut, ...]
    champion: BundleCandidate | None
    documents: "StepDocuments"
    threads: int

    @classmethod
    def read(cls, spec: Spec, folders: InputFolders, *, threads: int) -> "EvaluationInputs":
        """Raises DataError or BundleError for inputs that are missing or damaged, or that belong to another spec."""
        cuts = tuple(EvaluatedCut.read(spec, number, folders, threads=threads) for number in spec.split.numbers)
        champion = load(folders.champion) if folders.champion else None
        return cls(
            spec=spec,
            cuts=cuts,
            champion=BundleCandidate(champion, threads=threads) if champion else None,
            documents=StepDocuments.read(training=folders.training, splits=folders.splits, extracted=folders.extracted),
            threads=threads,
        )

    @property
    def new(self) -> BundleCandidate:
        """The model to evaluate."""
        return self.cuts[0].new

    @property
    def splits(self) -> Path:
        """Of the newest cut."""
        return self.cuts[0].splits

    @property
    def pool(self) -> Pool:
        return Pool.of(self.spec, self.documents.split)

    @property
    def bundle(self) -> Bundle:
        """Of the new model."""
        return self.new.bundle

    @property
    def criteria(self) -> Criteria:
        """Of the spec."""
        return Criteria.of(self.spec)

    @property
    def test(self) -> Path:
        """The Parquet file of the newest test split."""
        return self.cuts[0].test

    @property
    def train(self) -> Path:
        """The Parquet file of the train split."""
        return split_file(self.splits, "train")


@dataclass(frozen=True)
class StepDocuments:
    """What the steps before wrote about themselves."""

    training: TrainingReport
    cost: SearchCost | None
    rejection: RejectionReport
    split: SplitSummary
    extract: Extract

    @classmethod
    def read(cls, *, training: Path, splits: Path, extracted: Path) -> "StepDocuments":
        """Raises DataError that names the file."""
        return cls(
            training=TrainingReport.read(training),
            cost=SearchCost.read_if_present(training),
            rejection=RejectionReport.read(splits),
            split=SplitSummary.read(splits),
            extract=Extract.read(extracted),
        )


def _refuse_other_spec(spec: Spec, bundle: Bundle, path: Path) -> None:
    lineage = bundle.manifest.lineage
    if (lineage.spec_sha256, lineage.sql_sha256) != (spec.spec_sha256, spec.sql_sha256):
        problem = "was trained from another spec or SQL"
        raise DataError(Problem(str(path), problem, "Train it again with this spec", "bundle-of-another-spec"))
