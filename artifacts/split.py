"""split.json: how many rows each split has, where time was cut, and how training rows were sampled."""

from pathlib import Path
from typing import ClassVar, Literal

from pydantic import Field

from artifacts.document import Document, Section

SplitName = Literal["train", "calibration", "test"]
SPLITS: tuple[SplitName, ...] = ("train", "calibration", "test")

REST = "rest.parquet"  # beside the splits: mature rows of no split, sampled as train is, for the refit


def cut_folder(folder: Path, number: int) -> Path:
    """The folder of a cut within that of preprocess or of train, with the same files: `folder` itself for cut 1."""
    return folder if number == 1 else folder / "cuts" / str(number)


def split_file(folder: Path, name: SplitName) -> Path:
    """The Parquet file of a split in the folder of preprocess."""
    return folder / f"{name}.parquet"


class SplitCounts(Section):
    """Before sampling. `lists` and `users` are null without such a column, `first` and `last` without a time."""

    rows: int = Field(ge=0)
    positives: int = Field(ge=0, description="rows with a conversion")
    lists: int | None
    users: int | None
    first: str | None
    last: str | None


class SplitCuts(Section):
    """Train is before `train_end`, calibration in [calibration_start, calibration_end), test from `test_start`."""

    train_end: str
    calibration_start: str
    calibration_end: str
    test_start: str


class NegativeSampling(Section):
    """Rows of the train split without a conversion, before and after sampling."""

    negatives_before: int = Field(ge=0)
    negatives_after: int = Field(ge=0)
    kept_negatives: float = Field(gt=0, le=1, description="the share that was kept")


class SplitCountsByName(Section):
    train: SplitCounts
    calibration: SplitCounts
    test: SplitCounts

    def __getitem__(self, name: SplitName) -> SplitCounts:
        counts: SplitCounts = getattr(self, name)
        return counts


class SplitSummary(Document):
    """The rows themselves are in train.parquet, calibration.parquet and test.parquet beside it."""

    FILE: ClassVar[str] = "split.json"
    STEP: ClassVar[str] = "preprocess"

    format: Literal[1] = 1
    by: Literal["time", "random", "group"]
    cuts: SplitCuts | None = Field(description="null where the split is not by time")
    splits: SplitCountsByName
    gap: int = Field(ge=0, description="rows between two splits, not used")
    purged: int = Field(ge=0, description="rows that share a user or list with a later split, not used")
    sampling: NegativeSampling
    cutoff: str = Field(description="no row is younger")

    def facts(self) -> dict[str, int]:
        """The few that a person looks for in the artifact's metadata: `train_rows`, `train_conversions` and so on."""
        rows = {f"{name}_rows": count for name, count in self.rows.items()}
        return {**rows, **{f"{name}_conversions": count for name, count in self.positives.items()}}

    @property
    def rows(self) -> dict[SplitName, int]:
        """Rows by split."""
        return {name: self.splits[name].rows for name in SPLITS}

    @property
    def positives(self) -> dict[SplitName, int]:
        """Rows with a conversion by split."""
        return {name: self.splits[name].positives for name in SPLITS}
