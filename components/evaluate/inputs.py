"""What evaluate reads, once: the models, the baselines and the documents of the steps before."""

from dataclasses import dataclass
from pathlib import Path

from artifacts.baselines import Baselines
from artifacts.extract import Extract
from artifacts.rejection_report import RejectionReport
from artifacts.split import SplitSummary, split_file
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
class EvaluationInputs:
    """`new` is the model to evaluate, `constant` the probability of the constant baseline; `threads` are XGBoost's."""

    spec: Spec
    splits: Path
    new: BundleCandidate
    champion: BundleCandidate | None
    logistic: LogisticCandidate
    constant: float
    documents: "StepDocuments"
    threads: int

    @classmethod
    def read(cls, spec: Spec, folders: InputFolders, *, threads: int) -> "EvaluationInputs":
        """Raises DataError or BundleError for inputs that are missing or damaged, or that belong to another spec."""
        bundle = load(folders.bundle)
        _refuse_other_spec(spec, bundle, folders.bundle)
        champion = load(folders.champion) if folders.champion else None
        baselines = Baselines.read(folders.training)
        inputs = cls(
            spec=spec,
            splits=folders.splits,
            new=BundleCandidate(bundle, threads=threads),
            champion=BundleCandidate(champion, threads=threads) if champion else None,
            logistic=LogisticCandidate(baselines.logistic, position=spec.columns.position),
            constant=baselines.constant.probability,
            documents=StepDocuments.read(training=folders.training, splits=folders.splits, extracted=folders.extracted),
            threads=threads,
        )
        require_columns(inputs.test, [*inputs_of(inputs.new), *inputs_of(inputs.logistic)])
        return inputs

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
        """The Parquet file of the test split."""
        return split_file(self.splits, "test")

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
