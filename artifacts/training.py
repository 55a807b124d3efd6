"""training.json: how the search for a setting went. No seconds, so that the same search gives the same file."""

from typing import ClassVar, Literal

from pydantic import Field

from artifacts.document import Document, Section

StartName = Literal["trees", "linear"]


class Trial(Section):
    """One setting. A pruned one has no log loss: others were better by then."""

    number: int = Field(ge=0)
    state: Literal["complete", "pruned"]
    log_loss: float | None
    rounds: int | None
    parameters: dict[str, int | float | str]


class BestTrial(Section):
    """The best of the settings that were trained. `log_loss` is on the search's validation rows, which are sampled as
    training is."""

    start: StartName = Field(description="boosting starts from the base rate (trees) or a logistic regression (linear)")
    rounds: int = Field(ge=1)
    log_loss: float
    parameters: dict[str, int | float] = Field(description="of XGBoost")


class SearchBudget(Section):
    trials: int
    minutes: float
    cpu_seconds: float | None = None


class EngineUse(Section):
    """What boosted the trees of the ensemble; the search is always in the step's own process."""

    name: Literal["xgboost", "xgboost-dask"] = "xgboost"
    workers: int | None = Field(None, ge=1, description="of the cluster, on whose number the trees depend")


class TrainingReport(Document):
    FILE: ClassVar[str] = "training.json"
    STEP: ClassVar[str] = "train"

    format: Literal[1] = 1
    stopped_by: Literal["trials", "no_gain", "minutes", "cpu_seconds"]
    budget: SearchBudget
    engine: EngineUse = EngineUse()
    folds: int = Field(1, ge=1, description="on which every setting was judged")
    logistic_log_loss: float | None = Field(None, description="of a logistic regression alone, on the same rows")
    chance: float | None = Field(None, description="relative difference between two log losses here that says nothing")
    best: BestTrial
    members: tuple[int, ...] = Field((), description="numbers of the trials whose settings the ensemble has")
    trials: tuple[Trial, ...]


class TrialCost(Section):
    number: int = Field(ge=0)
    cpu_seconds: float = Field(ge=0)


class SearchCost(Document):
    """What the trials cost on this machine: apart from training.json, which the same search writes again."""

    FILE: ClassVar[str] = "search_cost.json"
    STEP: ClassVar[str] = "train"

    format: Literal[1] = 1
    trials: tuple[TrialCost, ...]
