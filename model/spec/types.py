"""The model spec: what a data scientist edits, one folder per model with `spec.yaml` and its SQL file.

`read_spec(folder)` reads both. `Spec.to_json()` carries them through a pipeline parameter, so that a step in a pod
needs no file of the author's machine.
"""

import hashlib
import json
import re
from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Any, Literal

import pydantic
import yaml
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, WithJsonSchema, model_validator

from model.errors import Problem, Problems, SpecError
from model.expression import Expression
from model.spec.messages import problems_of, shown
from model.text import has_controls

COLUMN = r"^[A-Za-z_][A-Za-z0-9_]*$"
# Columns that preprocess adds to the rows; DuckDB does not tell small letters from capital ones.
OF_ROWS = {"row_key", "row_hash", "row_content", "row_again", "row_copy", "row_complete", "file_row_number"}
RESERVED = frozenset(OF_ROWS | {"unit", "unreadable", "broken", "part", "rules"})
DECADES = 36_525  # days: a hundred years, so that no date leaves the calendar
FIRST_END = date(1990, 1, 1)  # a bundle's rows end in 1980 at the earliest
MODEL = r"^[a-z0-9]+(-[a-z0-9]+)*$"
Name = Annotated[str, Field(pattern=COLUMN, max_length=128)]
UNITS = {"B": 1, "KB": 10**3, "MB": 10**6, "GB": 10**9, "TB": 10**12}


def _share(value: object) -> object:
    match = re.fullmatch(r"\s*([0-9]+(?:\.[0-9]+)?)\s*(%?)\s*", value) if isinstance(value, str) else None
    share = float(match[1]) / (100 if match[2] else 1) if match else value
    if isinstance(share, bool) or not isinstance(share, int | float) or not 0 <= share <= 1:
        raise ValueError(f"is {shown(value)}, which is not a share of a whole | write it like 5% or 0.05")
    return share


def _bytes(value: object) -> object:
    match = (
        re.fullmatch(r"\s*([0-9]+(?:\.[0-9]+)?)\s*([KMGT]?B?)\s*", value.upper()) if isinstance(value, str) else None
    )
    number = int(Decimal(match[1]) * UNITS[match[2] or "B"]) if match else value
    if isinstance(number, bool) or not isinstance(number, int) or not 1 <= number < 2**63:
        raise ValueError(f"is {shown(value)}, which is not an amount of bytes | write it like 200GB")
    return number


def _expression(value: str) -> str:
    """In one line: a block of YAML ends with a line break, which no manifest may hold."""
    line = " ".join(value.split())
    Expression.parse(line)
    return line


def _rule_name(value: str) -> str:
    if has_controls(value):
        raise ValueError(f"is {shown(value)}, which has a control character | write the name without it, in one line")
    return value


Share = Annotated[
    float,
    BeforeValidator(_share),
    Field(ge=0, le=1, allow_inf_nan=False),
    WithJsonSchema({"anyOf": [{"type": "number", "minimum": 0, "maximum": 1}, {"type": "string", "pattern": "%$"}]}),
]
Bytes = Annotated[
    int,
    BeforeValidator(_bytes),
    Field(gt=0),
    WithJsonSchema({"anyOf": [{"type": "integer", "minimum": 1}, {"type": "string", "pattern": "[KMGT]?B$"}]}),
]


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


class Source(_Part):
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
    max_bytes_billed: Bytes = Field(10**11, description="BigQuery refuses to read more")
    end: date | None = Field(
        None,
        ge=FIRST_END,
        le=date(2999, 12, 31),
        description="pins @end; without it a run ends at its own day's midnight, UTC",
    )


class Columns(_Part):
    """The roles that columns of the SQL result play."""

    label: Name = Field(description="0 or 1: did the shown item convert")
    time: Name | None = Field(None, description="TIMESTAMP of the impression")
    list: Name | None = Field(None, description="id of the list page; lists are never split")
    item: Name | None = Field(None, description="id of the shown item")
    user: Name | None = Field(None, description="id of the person; users are never on two sides of a split")
    position: Name | None = Field(None, description="displayed place in the list, from 1")
    explore: Name | None = Field(None, description="1 where the list was shown in random order")
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
        one = {name: role for role, name in self.single().items()}
        return one | dict.fromkeys(self.outcomes, "outcomes")


class Feature(_Part):
    """An input of the model. Naming it here declares that it is known when the page is shown."""

    kind: Literal["number", "category"]
    direction: Literal["increasing", "decreasing"] | None = Field(
        None, description="the probability may only move this way when the number grows"
    )
    leak_waiver: str | None = Field(None, min_length=10, description="why a suspiciously good column is no leak")

    @model_validator(mode="after")
    def _numbers_alone_have_a_direction(self) -> "Feature":
        if self.kind == "category" and self.direction:
            raise ValueError("a category has no direction | delete `direction` or make it `kind: number`")
        return self


class Rule(_Part):
    """Rows outside [min, max] are rejected and counted."""

    name: Annotated[str, Field(min_length=1, max_length=80), pydantic.AfterValidator(_rule_name)]
    expression: Annotated[str, pydantic.AfterValidator(_expression)]
    min: float | None = None
    max: float | None = None

    @model_validator(mode="after")
    def _has_bounds(self) -> "Rule":
        if self.min is None and self.max is None:
            raise ValueError("has neither min nor max | give at least one")
        if self.min is not None and self.max is not None and self.min > self.max:
            raise ValueError(f"min {self.min:g} is above max {self.max:g}")
        return self


class Split(_Part):
    """How rows are divided into train, calibration and test."""

    by: Literal["time", "random", "group"] = "time"
    test_days: int | None = Field(None, gt=0, le=DECADES)
    calibration_days: int | None = Field(None, gt=0, le=DECADES)
    test_share: Share | None = None
    calibration_share: Share | None = None
    group: Name | None = Field(None, description="column whose values stay together, for by: group")
    seed: int = Field(7, ge=0, le=2**32 - 1)
    min_train_share: Share = Field(0.2, description="fails when gaps and purges leave less than this for training")

    @model_validator(mode="after")
    def _is_complete(self) -> "Split":
        days = self.test_days is not None and self.calibration_days is not None
        shares = self.test_share is not None and self.calibration_share is not None
        half = (self.test_days is None) != (self.calibration_days is None)
        half = half or (self.test_share is None) != (self.calibration_share is None)
        if half or days == shares:
            raise ValueError("give either test_days and calibration_days, or test_share and calibration_share")
        if self.by != "time" and days:
            raise ValueError(f"by: {self.by} is cut by test_share and calibration_share, not by days")
        if (self.by == "group") != (self.group is not None):
            raise ValueError("`group` names the column for by: group, and goes with nothing else")
        if shares and (self.test_share or 0) + (self.calibration_share or 0) >= 1:
            raise ValueError("test_share and calibration_share leave nothing for training")
        if shares and not (self.test_share and self.calibration_share):
            raise ValueError("test_share and calibration_share must be above 0")
        return self


class Training(_Part):
    """How much to search, and for what to stop."""

    engine: Literal["xgboost"] = "xgboost"
    trials: int = Field(60, gt=0, le=10**6, description="the usual end of the search; makes runs repeatable")
    minutes: float = Field(10, gt=0, le=10**6, description="the safety stop")
    folds: int = Field(5, ge=2, le=10)
    keep_negatives: Share = Field(1.0, gt=0, description="share of non-conversions kept, of the training part alone")
    seed: int = Field(7, ge=0, le=2**32 - 1)
    max_categories: int = Field(500, gt=1, le=10**6, description="the most frequent values are kept, others become one")


class Champion(_Part):
    """How the model in service must be beaten."""

    metric: Literal["ips_conversions", "log_loss"] | None = Field(None, description="default: by what the data allows")
    rule: Literal["superiority", "non-inferiority"] = "superiority"
    margin: Share | None = None
    confidence: Share = 0.95

    @model_validator(mode="after")
    def _has_its_margin(self) -> "Champion":
        if (self.rule == "non-inferiority") != (self.margin is not None):
            raise ValueError("`margin` is needed for rule: non-inferiority, and goes with nothing else")
        if not 0.5 < self.confidence < 1:
            raise ValueError(f"confidence {self.confidence:g} must lie between 50% and 100%")
        return self


class Promotion(_Part):
    """What a model must prove before it becomes an image."""

    must_beat: tuple[Literal["constant", "logistic", "current_order"], ...] = Field(("constant",), min_length=1)
    champion: Champion = Champion()
    slices: tuple[Name, ...] = ()
    min_conversions: int = Field(200, ge=50, le=10**9, description="fewer in the test part is insufficient data")
    max_unseen: Share = Field(
        0.01,
        description="a larger share of test rows with a category that training never saw holds the model; shares up to "
        "that of the rare values that training pooled do not count",
    )


class Spec(_Part):
    """One model, as asked for."""

    model: str = Field(pattern=MODEL, max_length=60)
    source: Source = Source()
    columns: Columns
    features: dict[Name, Feature] = Field(min_length=1)
    reject: tuple[Rule, ...] = ()
    reject_budget: Share = Field(0.05, description="a larger share of rejected rows stops the run")
    copies_budget: Share = Field(0.05, description="a larger share of copies, by `columns.key`, stops the run")
    split: Split
    training: Training = Training()
    promotion: Promotion = Promotion()
    sql_text: str = Field("", description="the query itself; read from source.sql, never written in spec.yaml")

    @model_validator(mode="after")
    def _parts_agree(self) -> "Spec":
        problems = list(self._disagreements())
        if problems:
            raise ValueError("\n".join(problems))
        return self

    def _disagreements(self) -> Any:
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
        if self.columns.time and self.columns.position and "conversion_days" not in self.source.model_fields_set:
            hint = "say how many days a conversion may take after the impression, 0 if it is known at once"
            yield f"source.conversion_days: is missing | {hint}"
        if "current_order" in self.promotion.must_beat and not self.columns.position:
            yield "promotion.must_beat: current_order needs columns.position, which is missing"
        if self.promotion.champion.metric == "ips_conversions" and not self.columns.position:
            yield "promotion.champion.metric: ips_conversions needs columns.position, which is missing | use log_loss"
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
            yield f"reject: two rules are named {name!r} | the ledger needs one name each"

    @property
    def feature_columns(self) -> tuple[str, ...]:
        """The model's inputs in the order of the matrix: features as written, then the position."""
        position = (self.columns.position,) if self.columns.position else ()
        return (*self.features, *position)

    @property
    def used_columns(self) -> tuple[str, ...]:
        """Every column that the SQL result must have, each once."""
        group = (self.split.group,) if self.split.group else ()
        rules = tuple(name for rule in self.reject for name in Expression.parse(rule.expression).columns)
        every = (*self.columns.roles(), *self.features, *rules, *group, *self.promotion.slices, *self.columns.key)
        return tuple(dict.fromkeys(every))

    @property
    def spec_sha256(self) -> str:
        asked = self.model_dump(mode="json", exclude={"sql_text"})
        return hashlib.sha256(json.dumps(asked, sort_keys=True).encode()).hexdigest()

    @property
    def sql_sha256(self) -> str:
        return hashlib.sha256(self.sql_text.encode()).hexdigest()

    def to_json(self) -> str:
        return self.model_dump_json()

    @classmethod
    def from_json(cls, text: str) -> "Spec":
        return cls.model_validate_json(text)


class _UniqueKeys(yaml.SafeLoader):
    """YAML silently keeps the last of two equal keys; a spec must not. `twice` are the problems of the document."""

    def __init__(self, stream: str) -> None:
        super().__init__(stream)
        self.twice: list[Problem] = []

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        before: set[str] = set()
        for key, _ in node.value:
            name = self.construct_object(key, deep=deep)
            if isinstance(name, str) and name in before:
                found = f"stands twice, the second at line {key.start_mark.line + 1}"
                self.twice.append(Problem(f"key {shown(name)}", found, "Keep the one that is meant", "spec-key-twice"))
            before.add(name if isinstance(name, str) else "")
        return super().construct_mapping(node, deep=deep)


def read_spec(folder: Path) -> Spec:
    """The spec in `folder`. Raises SpecError with every problem of spec.yaml and its SQL file."""
    path = folder / "spec.yaml"
    problems = Problems()
    if folder.is_file():
        hint = f"SPEC names the folder that it is in: {folder.parent}"
        raise SpecError(Problem(str(folder), "is a file", hint, "spec-is-file"))
    try:
        loader = _UniqueKeys(path.read_text("utf-8"))
        asked = loader.get_single_data()
    except FileNotFoundError:
        hint = "SPEC names a folder with spec.yaml and its SQL"
        raise SpecError(Problem(str(path), "is missing", hint, "spec-missing")) from None
    except OSError as error:
        found = f"cannot be read ({error.strerror})"
        raise SpecError(Problem(str(path), found, "Make it a file that you may read", "spec-unreadable")) from None
    except RecursionError:
        hint = "Write keys and values as docs/spec.md has them: none is more than three deep"
        raise SpecError(Problem(str(path), "is nested too deep to be read", hint, "spec-too-deep")) from None
    except (yaml.YAMLError, ValueError) as error:  # ValueError: not UTF-8, or a day like 2026-02-30
        raise SpecError(_not_yaml(path, error)) from None
    if not isinstance(asked, dict):
        hint = "Start from examples/rental_portal/spec.yaml"
        raise SpecError(Problem(str(path), "holds no keys", hint, "spec-empty"))
    problems.items.extend(loader.twice)
    if "sql_text" in asked:
        hint = "Put the query into the file that source.sql names"
        problems.add("sql_text", "is not a key of spec.yaml", hint, "spec-unknown-key")
    source = asked.get("source")
    name = source.get("sql", "training.sql") if isinstance(source, dict) else "training.sql"
    sql = _read_sql(folder, str(name), problems)
    try:
        spec = Spec.model_validate({**asked, "sql_text": sql})
    except pydantic.ValidationError as error:
        problems.items.extend(problems_of(error, Spec, PARTS))
        spec = None
    told = {problem.where for problem in problems.items}
    problems.items.extend(problem for problem in _switches(asked, ()) if problem.where not in told)
    problems.raise_if_any(SpecError)
    assert spec is not None  # a ValidationError always leaves a problem
    return spec


def _not_yaml(path: Path, error: Exception) -> Problem:
    if "integer string conversion" in str(error):  # Python reads no more digits, and has a setting of its own for it
        return Problem(str(path), "holds a number of more than 4,300 digits", "Write a smaller number", "spec-not-yaml")
    found = f"is not YAML ({' '.join(str(error).split())[:500]})"
    return Problem(str(path), found, "Fix that line", "spec-not-yaml")


def _read_sql(folder: Path, name: str, problems: Problems) -> str:
    path = folder / name
    if path.resolve().parent != folder.resolve():
        found = f"is {shown(name)}, outside the spec's folder"
        problems.add("source.sql", found, "Put the SQL file beside spec.yaml", "sql-outside")
        return ""
    try:
        text = path.read_text("utf-8")
    except UnicodeDecodeError as error:
        found = f"names {shown(name)}, which is not UTF-8 ({error.reason})"
        problems.add("source.sql", found, "Save it as UTF-8", "sql-not-utf8")
        return ""
    except OSError:
        found = f"names {shown(name)}, which cannot be read in {folder}"
        problems.add("source.sql", found, "Put the SQL file beside spec.yaml", "sql-missing")
        return ""
    if not text.strip():
        problems.add(
            "source.sql", f"names {shown(name)}, which is empty", "Write one GoogleSQL query into it", "sql-empty"
        )
    return text


def _switches(value: object, location: tuple[str, ...]) -> Iterator[Problem]:
    """No key of a spec is true or false; YAML reads yes, no, on and off so, and a number might be made of them."""
    if isinstance(value, bool):
        found = f"is {value} (yes, no, on and off mean that in YAML)"
        yield Problem(".".join(location), found, "Put it in quotes, or write another value", "spec-value")
    if len(location) > DEEPEST:  # an anchor may hold itself
        return
    pairs = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, inner in pairs:
        yield from _switches(inner, (*location, str(key)))


DEEPEST = 6
PARTS: dict[str, type[BaseModel]] = {
    "source": Source,
    "columns": Columns,
    "features": Feature,
    "reject": Rule,
    "split": Split,
    "training": Training,
    "promotion": Promotion,
    "champion": Champion,
}
