"""The model spec: what a data scientist edits, one folder per model with `spec.yaml` and its SQL file.

`Spec.to_json()` carries it through a pipeline parameter, so that a step in a pod needs no file of the author's machine.
"""

import hashlib
import json
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, Field, StrictBool, model_validator

from model.bundle.bounds import Bounds
from model.bundle.unknown import UnknownPolicy
from model.spec.part import Part
from model.spec.promotion import Champion, Promotion
from model.spec.resources import PodResources, StepName, StepResources, pod_resources
from model.spec.values import (
    BIGQUERY,
    BUCKET_ADDRESS,
    DATASET,
    DECADES,
    FIRST_END,
    MODEL,
    RESERVED,
    SCHEDULER,
    Bytes,
    ExpressionText,
    Name,
    RuleName,
    Share,
)

FILE = "spec.json"  # in the folder that the step load_spec writes
ROUNDING = 1e-9  # of a sum of shares
MOST_CUTS = 10


class SourceSpec(Part):
    """Where the rows come from and over which time."""

    sql: str = Field("training.sql", description="file beside spec.yaml, one GoogleSQL query")
    window_days: int | None = Field(None, gt=0, le=DECADES, description="days between @start and @end")
    conversion_days: int = Field(
        0,
        ge=0,
        le=DECADES,
        description="days a conversion may take; younger rows are not used. 0 where the outcome is known at once; "
        "must be written, even as 0, where rows have a time and a position",
    )
    bigquery: str | None = Field(
        None,
        pattern=BIGQUERY,
        max_length=200,
        description="the SQL's tables, as PROJECT[.DATASET]@LOCATION, where neither BIGQUERY nor DATA is given",
    )
    max_bytes_billed: Bytes = Field(10**11, description="BigQuery refuses to read more")
    max_unpartitioned_bytes: Bytes = Field(
        10**10, description="of a table in BigQuery without partitions by time; a query that would read more is refused"
    )
    usd_per_tib: float = Field(6.25, ge=0, le=1000, description="price of a query in BigQuery, for estimates")
    team: str | None = Field(None, min_length=1, max_length=63, description="label of jobs in BigQuery, for its bill")
    check_keys: StrictBool = Field(
        True,
        description="BigQuery computes a checksum of `columns.key`, or list, item and time, over its result, and the "
        "rows that came must have the same; reads these columns again, and bills 10 MB at least",
    )
    materialize: str | None = Field(
        None,
        pattern=DATASET,
        max_length=1024,
        description="dataset in BigQuery for the result as a table, which models with the same query share",
    )
    materialize_days: int = Field(7, gt=0, le=365, description="after which such a table is deleted")
    export: str | None = Field(
        None,
        pattern=BUCKET_ADDRESS,
        max_length=512,
        description="gs://BUCKET/PREFIX for a result above `export_above_bytes`, which is read from files there",
    )
    export_above_bytes: Bytes = Field(10**12, description="a result of BigQuery above this needs `export`")
    end: date | None = Field(
        None,
        ge=FIRST_END,
        le=date(2999, 12, 31),
        description="pins @end; without it a run ends at its own day's midnight, UTC",
    )


class ColumnRoles(Part):
    """The roles that columns of the SQL result play."""

    label: Name = Field(description="0 or 1: did the shown item convert")
    time: Name | None = Field(None, description="TIMESTAMP of the impression")
    list: Name | None = Field(None, description="id of the list page; lists are never split")
    item: Name | None = Field(None, description="id of the shown item")
    user: Name | None = Field(None, description="id of the person; users are never on two sides of a split")
    position: Name | None = Field(None, description="displayed place in the list, from 1")
    explore: Name | None = Field(None, description="1 where the list was shown in random order")
    propensity: Name | None = Field(
        None,
        description="chance with which the page's order put the item where it stood, above 0 and at most 1, where "
        "chance had a part in it; missing or 1 elsewhere",
    )
    outcomes: tuple[Name, ...] = Field((), description="known only after the page was shown: never features")
    key: tuple[Name, ...] = Field(
        (),
        description="together they identify a row, and a row that has them again is a copy and is removed; without it "
        "list, item and time do where all three are declared, else every row stays",
    )

    def single(self) -> dict[str, str]:
        """Role -> column, of the roles that one column plays."""
        return {role: name for role, name in self.model_dump(exclude={"outcomes", "key"}).items() if name}

    def roles(self) -> dict[str, str]:
        """Column name -> the role it plays, in the words of the spec."""
        single = {name: role for role, name in self.single().items()}
        return single | dict.fromkeys(self.outcomes, "outcomes")


class FeatureSpec(Part):
    """An input of the model. Naming it here declares that it is known when the page is shown."""

    kind: Literal["number", "category"]
    direction: Literal["increasing", "decreasing"] | None = Field(
        None, description="the probability may only move this way when the number grows"
    )
    unknown: UnknownPolicy = Field(
        "other",
        description="of a category: values that training saw rarely or never are scored as one more category (`other`) "
        "or as `missing`; with `refuse` a server refuses them",
    )
    statistic: StrictBool | None = Field(
        None,
        description="of a category: whether the model also reads how often rows with the value converted, as a number "
        "that knows rare values too; by default where it has 30 values or more and that tells something",
    )
    leak_waiver: str | None = Field(None, min_length=10, description="why a suspiciously good column is not a leak")

    @model_validator(mode="after")
    def _keys_fit_the_kind(self) -> "FeatureSpec":
        if self.kind == "category" and self.direction:
            raise ValueError("a category has no direction | delete `direction` or make it `kind: number`")
        if self.kind == "number" and self.unknown != "other":
            raise ValueError("a number has no unknown categories | delete `unknown` or make it `kind: category`")
        if self.kind == "number" and self.statistic is not None:
            raise ValueError("a number has no statistic of its values | delete `statistic` or make it `kind: category`")
        return self


class RejectRule(Part):
    """Rows outside [min, max] are rejected and counted."""

    name: RuleName
    expression: ExpressionText
    min: float | None = None
    max: float | None = None

    @model_validator(mode="after")
    def _has_bounds(self) -> "RejectRule":
        if self.min is None and self.max is None:
            raise ValueError("has neither min nor max | give at least one")
        if self.min is not None and self.max is not None and self.min > self.max:
            raise ValueError(f"min {self.min:g} is above max {self.max:g}")
        return self

    @property
    def bounds(self) -> Bounds:
        """The rule as bundles carry it."""
        return Bounds(name=self.name, expression=self.expression, min=self.min, max=self.max)


class SplitSpec(Part):
    """How rows are divided into train, calibration and test."""

    by: Literal["time", "random", "group"] = "time"
    test_days: int | None = Field(None, gt=0, le=DECADES)
    calibration_days: int | None = Field(None, gt=0, le=DECADES)
    test_share: Share | None = None
    calibration_share: Share | None = None
    group: Name | None = Field(None, description="column whose values stay together, for by: group")
    seed: int = Field(7, ge=0, le=2**32 - 1)
    min_train_share: Share = Field(0.2, description="fails when gaps and purges leave less than this for training")
    cuts: int = Field(
        1,
        ge=1,
        le=MOST_CUTS,
        description="how often rows are divided and a model is trained, for few conversions: one verdict pools all "
        "test splits, by time one block before the other, and the first model ships",
    )

    @model_validator(mode="after")
    def _is_complete(self) -> "SplitSpec":
        days = self.test_days is not None and self.calibration_days is not None
        shares = self.test_share is not None and self.calibration_share is not None
        half = (self.test_days is None) != (self.calibration_days is None)
        half = half or (self.test_share is None) != (self.calibration_share is None)
        if half or days == shares:
            raise ValueError("give either test_days and calibration_days, or test_share and calibration_share")
        if self.by != "time" and days:
            raise ValueError(f"by: {self.by} is cut by test_share and calibration_share, not by days")
        if (self.by == "group") != (self.group is not None):
            raise ValueError("`group` is required for by: group, and only valid with it")
        if shares and (self.test_share or 0) + (self.calibration_share or 0) >= 1:
            raise ValueError("test_share and calibration_share leave nothing for training")
        if shares and not (self.test_share and self.calibration_share):
            raise ValueError("test_share and calibration_share must be above 0")
        tested = self.cuts * (self.test_share or 0)
        if self.by == "time" and tested + (self.calibration_share or 0) >= 1:
            raise ValueError(f"{self.cuts} cuts of test_share {self.test_share:g} leave nothing for training")
        if tested > 1 + ROUNDING:
            raise ValueError(f"{self.cuts} cuts of test_share {self.test_share:g} are more than all rows")
        return self

    @property
    def numbers(self) -> range:
        """Of the cuts: 1 is the newest, whose model is judged and ships."""
        return range(1, self.cuts + 1)


class Training(Part):
    """How much to search, and for what to stop."""

    engine: Literal["xgboost", "xgboost-dask"] = Field(
        "xgboost", description="`xgboost-dask` trains what the search chose on a Dask cluster that exists"
    )
    scheduler: str | None = Field(
        None, pattern=SCHEDULER, max_length=300, description="of the cluster, for `xgboost-dask`: tcp://HOST:8786"
    )
    trials: int = Field(60, gt=0, le=10**6, description="the most settings that are tried; makes runs repeatable")
    minutes: float = Field(10, gt=0, le=10**6, description="the safety stop")
    cpu_seconds: float | None = Field(
        None, gt=0, le=10**8, description="a stop by processor time, which a busy machine does not shift"
    )
    folds: int = Field(5, ge=2, le=10)
    keep_negatives: Share = Field(1.0, gt=0, description="share of non-conversions kept, of the train split alone")
    seed: int = Field(7, ge=0, le=2**32 - 1)
    max_categories: int = Field(500, gt=1, le=10**6, description="the most frequent values are kept, others become one")
    refit: StrictBool = Field(
        True, description="ship the promoted recipe trained again on every row, the newest among them"
    )


class Spec(Part):
    """One model, as asked for."""

    model: str = Field(pattern=MODEL, max_length=60)
    source: SourceSpec = SourceSpec()
    columns: ColumnRoles
    features: dict[Name, FeatureSpec] = Field(min_length=1)
    reject: tuple[RejectRule, ...] = ()
    reject_budget: Share = Field(0.05, description="a larger share of rejected rows stops the run")
    copies_budget: Share = Field(0.05, description="a larger share of copies, by `columns.key`, stops the run")
    split: SplitSpec
    training: Training = Training()
    promotion: Promotion = Promotion()
    resources: dict[StepName, StepResources] = Field({}, description="on a cluster, of the steps that need others")
    sql_text: str = Field("", description="the query itself; read from source.sql, never written in spec.yaml")

    @model_validator(mode="after")
    def _parts_agree(self) -> "Spec":
        problems = list(self._disagreements())
        if problems:
            raise ValueError("\n".join(problems))
        return self

    def _disagreements(self) -> Iterator[str]:
        roles = self.columns.roles()
        for name in self.used_columns:
            if name.lower() in RESERVED:
                hint = f"rename it: SELECT {name} AS the_{name}"
                yield f"column {name}: is a name that the steps use for themselves | {hint}"
        for name in self.features:
            if name in roles:
                yield f"features.{name}: is {roles[name]} in `columns` and not an input | delete it from features"
        named = list(self.columns.single().values())
        for name in sorted({name for name in named if named.count(name) > 1}):
            yield f"columns: {name} plays two roles | give each role its own column"
        if self.columns.position and not self.columns.list:
            yield "columns.list: is missing | a position means a place in a list, so name the list's id"
        if self.split.by == "time" and not self.columns.time:
            yield "split.by: is time, but columns.time is missing | name the time column or split by random"
        if self.columns.time is None and self.source.end is None:
            yield "source.end: is missing | data without a time column need the day they were taken, as end: 2026-07-01"
        for role in ("explore", "propensity"):
            if getattr(self.columns, role) and not self.columns.position:
                yield f"columns.{role}: says how items came to their positions | name columns.position as well"
        if self.columns.time and self.columns.position and "conversion_days" not in self.source.model_fields_set:
            hint = "say how many days a conversion may take after the impression, 0 if it is known at once"
            yield f"source.conversion_days: is missing | {hint}"
        if "current_order" in self.promotion.must_beat and not self.columns.position:
            yield "promotion.must_beat: current_order needs columns.position, which is missing"
        if self.promotion.champion.metric == "ips_conversions" and not self.columns.position:
            yield "promotion.champion.metric: ips_conversions needs columns.position, which is missing | use log_loss"
        if self.training.engine == "xgboost-dask" and self.training.scheduler is None:
            yield "training.scheduler: is missing | give the address of the cluster's scheduler, tcp://HOST:PORT"
        if self.training.engine == "xgboost" and self.training.scheduler is not None:
            yield "training.scheduler: is for engine: xgboost-dask alone | delete it, or name the engine"
        if (self.resources.get("conclude") or StepResources()).retries:
            yield "resources.conclude.retries: is above 0 | its failure is how a run ends red, so leave it out"
        minutes = self.pod("train").minutes
        if minutes < self.training.minutes:
            hint = f"{self.training.minutes:g} are for the search alone: give more, or leave it out"
            yield f"resources.train.minutes: is {minutes}, less than training.minutes | {hint}"
        lists = {
            "columns.outcomes": self.columns.outcomes,
            "columns.key": self.columns.key,
            "promotion.must_beat": self.promotion.must_beat,
            "promotion.slices": self.promotion.slices,
        }
        for where, listed in lists.items():
            for name in sorted({name for name in listed if listed.count(name) > 1}):
                yield f"{where}: names {name} {listed.count(name)} times | name it once"
        names = [rule.name for rule in self.reject]
        for name in sorted({name for name in names if names.count(name) > 1}):
            yield f"reject: two rules are named {name!r} | rejected rows are counted by name, so give each its own"

    @property
    def feature_columns(self) -> tuple[str, ...]:
        """The model's inputs in the order of the matrix: features as written, then the position."""
        position = (self.columns.position,) if self.columns.position else ()
        return (*self.features, *position)

    @property
    def used_columns(self) -> tuple[str, ...]:
        """Every column that the SQL result must have, each once."""
        group = (self.split.group,) if self.split.group else ()
        rules = tuple(name for rule in self.reject for name in rule.bounds.parsed.columns)
        every = (*self.columns.roles(), *self.features, *rules, *group, *self.promotion.slices, *self.columns.key)
        return tuple(dict.fromkeys(every))

    def pod(self, step: StepName) -> PodResources:
        """What the step takes on a cluster."""
        return pod_resources(step, self.resources.get(step), self.training.minutes)

    @property
    def spec_sha256(self) -> str:
        """Of what is trained: the query has a digest of its own, and no result depends on where something runs."""
        document = self.model_dump(mode="json", exclude={"sql_text", "resources"})
        del document["training"]["scheduler"]
        return hashlib.sha256(json.dumps(document, sort_keys=True).encode()).hexdigest()

    @property
    def sql_sha256(self) -> str:
        return hashlib.sha256(self.sql_text.encode()).hexdigest()

    def to_json(self) -> str:
        """What the steps read: without `resources`, so that a change of them keeps earlier steps in the cache."""
        return self.model_dump_json(exclude={"resources"})

    @classmethod
    def from_json(cls, text: str) -> "Spec":
        return cls.model_validate_json(text)

    @classmethod
    def read(cls, folder: Path) -> "Spec":
        """What `write` wrote, which is how steps get it."""
        return cls.from_json((folder / FILE).read_text("utf-8"))

    def write(self, folder: Path) -> None:
        (folder / FILE).write_text(self.to_json(), "utf-8")


PARTS: dict[str, type[BaseModel]] = {
    "source": SourceSpec,
    "columns": ColumnRoles,
    "features": FeatureSpec,
    "reject": RejectRule,
    "split": SplitSpec,
    "training": Training,
    "promotion": Promotion,
    "champion": Champion,
    "resources": StepResources,
}
