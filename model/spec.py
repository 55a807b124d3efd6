"""The model spec: what a data scientist edits, one folder per model with `spec.yaml` and its SQL file.

`read_spec(folder)` reads both. `Spec.to_json()` carries them through a pipeline parameter, so that a step in a pod
needs no file of the author's machine.
"""

import difflib
import hashlib
import json
import re
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Annotated, Any, Literal

import pydantic
import yaml
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, WithJsonSchema, model_validator

from model.errors import Fault, Faults, SpecRefused
from model.expression import Expression

COLUMN = r"^[A-Za-z_][A-Za-z0-9_]*$"
# Columns that preprocess adds to the rows; DuckDB does not tell small letters from capital ones.
OF_ROWS = {"row_key", "row_hash", "row_content", "row_again", "row_copy", "row_complete", "file_row_number"}
RESERVED = frozenset(OF_ROWS | {"unit", "unreadable", "broken", "part", "rules"})
DECADES = 36_525  # days: a hundred years, so that no date leaves the calendar
MODEL = r"^[a-z0-9]+(-[a-z0-9]+)*$"
Name = Annotated[str, Field(pattern=COLUMN, max_length=128)]
UNITS = {"B": 1, "KB": 10**3, "MB": 10**6, "GB": 10**9, "TB": 10**12}


def _share(value: object) -> object:
    match = re.fullmatch(r"\s*([0-9]+(?:\.[0-9]+)?)\s*(%?)\s*", value) if isinstance(value, str) else None
    share = float(match[1]) / (100 if match[2] else 1) if match else value
    if isinstance(share, bool) or not isinstance(share, int | float) or not 0 <= share <= 1:
        raise ValueError(f"is {value!r}, which is no share of a whole | write it like 5% or 0.05")
    return share


def _bytes(value: object) -> object:
    match = (
        re.fullmatch(r"\s*([0-9]+(?:\.[0-9]+)?)\s*([KMGT]?B?)\s*", value.upper()) if isinstance(value, str) else None
    )
    number = int(float(match[1]) * UNITS[match[2] or "B"]) if match else value
    if isinstance(number, bool) or not isinstance(number, int) or number < 1:
        raise ValueError(f"is {value!r}, which is no amount of bytes | write it like 200GB")
    return number


def _expression(value: str) -> str:
    Expression.parse(value)
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
        0, ge=0, le=DECADES, description="days a conversion may take; younger rows are not used"
    )
    max_bytes_billed: Bytes = Field(10**11, description="BigQuery refuses to read more")
    end: date | None = Field(None, description="pins @end; without it a run ends at its own day's midnight, UTC")


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

    name: str = Field(min_length=1, max_length=80)
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
    test_days: int | None = Field(None, gt=0)
    calibration_days: int | None = Field(None, gt=0)
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
    trials: int = Field(60, gt=0, description="the usual end of the search; makes runs repeatable")
    minutes: float = Field(10, gt=0, description="the safety stop")
    folds: int = Field(5, ge=2, le=10)
    keep_negatives: Share = Field(1.0, gt=0, description="share of non-conversions kept, of the training part alone")
    seed: int = Field(7, ge=0, le=2**32 - 1)
    max_categories: int = Field(500, gt=1, description="the most frequent values are kept, others become one")


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
        faults = list(self._disagreements())
        if faults:
            raise ValueError("\n".join(faults))
        return self

    def _disagreements(self) -> Any:
        roles = self.columns.roles()
        for name in self.used_columns:
            if name.lower() in RESERVED:
                way_out = f"rename it: SELECT {name} AS the_{name}"
                yield f"column {name}: is a name that the steps use for themselves | {way_out}"
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
        if self.columns.time and self.source.conversion_days == 0 and self.columns.position:
            yield "source.conversion_days: is 0 | say how many days a conversion may take after the impression"
        if "current_order" in self.promotion.must_beat and not self.columns.position:
            yield "promotion.must_beat: current_order needs columns.position, which is missing"
        if self.promotion.champion.metric == "ips_conversions" and not self.columns.position:
            yield "promotion.champion.metric: ips_conversions needs columns.position, which is missing | use log_loss"
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
    """YAML silently keeps the last of two equal keys; a spec must not. `twice` are the faults of the document read."""

    def __init__(self, stream: str) -> None:
        super().__init__(stream)
        self.twice: list[Fault] = []

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        keys = [self.construct_object(key, deep=deep) for key, _ in node.value]
        for place, (at, _) in enumerate(node.value):
            if keys[place] in keys[:place]:
                found = f"stands twice, the second at line {at.start_mark.line + 1}"
                self.twice.append(Fault(f"key {keys[place]!r}", found, "Keep the one that is meant"))
        return super().construct_mapping(node, deep=deep)


def read_spec(folder: Path) -> Spec:
    """The spec in `folder`. Raises SpecRefused with every fault of spec.yaml and its SQL file."""
    path = folder / "spec.yaml"
    faults = Faults()
    if folder.is_file():
        raise SpecRefused(Fault(str(folder), "is a file", f"SPEC names the folder that it is in: {folder.parent}"))
    try:
        loader = _UniqueKeys(path.read_text("utf-8"))
        asked = loader.get_single_data()
    except FileNotFoundError:
        raise SpecRefused(Fault(str(path), "is missing", "SPEC names a folder with spec.yaml and its SQL")) from None
    except OSError as error:
        raise SpecRefused(
            Fault(str(path), f"cannot be read ({error.strerror})", "Make it a file that you may read")
        ) from None
    except (yaml.YAMLError, ValueError) as error:  # ValueError: not UTF-8, or a day like 2026-02-30
        raise SpecRefused(Fault(str(path), f"is not YAML ({' '.join(str(error).split())})", "Mend that line")) from None
    if not isinstance(asked, dict):
        raise SpecRefused(Fault(str(path), "holds no keys", "Start from examples/rental_portal/spec.yaml"))
    faults.found.extend(loader.twice)
    if "sql_text" in asked:
        faults.add("sql_text", "is not a key of spec.yaml", "Put the query into the file that source.sql names")
    source = asked.get("source")
    name = source.get("sql", "training.sql") if isinstance(source, dict) else "training.sql"
    sql = _read_sql(folder, str(name), faults)
    try:
        spec = Spec.model_validate({**asked, "sql_text": sql})
    except pydantic.ValidationError as error:
        errors = error.errors(include_url=False)
        # A list counts as too short when a value in it is wrong; that value is told already.
        inside = {one["loc"][:-1] for one in errors}
        for one in errors:
            if one["type"] != "too_short" or one["loc"] not in inside:
                faults.found.extend(_faults(one))
        spec = None
    told = {fault.where for fault in faults.found}
    faults.found.extend(fault for fault in _switches(asked, ()) if fault.where not in told)
    faults.raise_if_any(SpecRefused)
    assert spec is not None  # a ValidationError always leaves a fault
    return spec


def _read_sql(folder: Path, name: str, faults: Faults) -> str:
    path = folder / name
    if path.resolve().parent != folder.resolve():
        faults.add("source.sql", f"is {name!r}, outside the spec's folder", "Put the SQL file beside spec.yaml")
        return ""
    try:
        text = path.read_text("utf-8")
    except UnicodeDecodeError as error:
        faults.add("source.sql", f"names {name!r}, which is not UTF-8 ({error.reason})", "Save it as UTF-8")
        return ""
    except OSError:
        faults.add(
            "source.sql", f"names {name!r}, which cannot be read in {folder}", "Put the SQL file beside spec.yaml"
        )
        return ""
    if not text.strip():
        faults.add("source.sql", f"names {name!r}, which is empty", "Write one GoogleSQL query into it")
    return text


def _switches(value: object, location: tuple[str, ...]) -> Iterator[Fault]:
    """No key of a spec is true or false; YAML reads yes, no, on and off so, and a number might be made of them."""
    if isinstance(value, bool):
        yield Fault(".".join(location), f"is {value} (yes, no, on and off mean that in YAML)", "Quote it, or mend it")
    if len(location) > DEEPEST:  # an anchor may hold itself
        return
    pairs = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, inner in pairs:
        yield from _switches(inner, (*location, str(key)))


def _faults(error: Any) -> list[Fault]:
    """Pydantic's words turned into field, value and way out."""
    where = ".".join(str(part) for part in error["loc"]) or "spec"
    if error["type"] == "extra_forbidden":
        return [Fault(where, "is an unknown key", _nearest(error["loc"]))]
    if error["type"] == "missing":
        return [Fault(where, "is missing", f"Add `{error['loc'][-1]}:` to spec.yaml")]
    message = str(error["msg"]).removeprefix("Value error, ")
    if error["type"] == "value_error" and where == "spec":
        rows = [line.split(": ", 1) for line in message.split("\n")]
        return [_told(field, rest) for field, rest in rows]
    if error["type"] == "value_error":
        return [_told(where, message)]
    if error["loc"][-1:] == ("[key]",):
        way_out = WORDS[COLUMN] if isinstance(error["input"], str) else "Put the name in quotes"
        return [Fault(str(error["loc"][0]), f"has the key {error['input']!r}", way_out)]
    return [Fault(where, f"is {_short(error['input'])}", _way_out(error, message))]


def _short(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 80 else f"{text[:77]}..."


def _way_out(error: Any, message: str) -> str:
    if error["type"] == "string_pattern_mismatch":
        return WORDS[error["ctx"]["pattern"]]
    return WORDS.get(error["type"], message.replace("Input should", "It should"))


def _told(where: str, message: str) -> Fault:
    """Validators here write "what was found | the way out"."""
    found, _, way_out = message.partition(" | ")
    return Fault(where, found, way_out[:1].upper() + way_out[1:] if way_out else "Mend it in spec.yaml")


def _nearest(location: tuple[str | int, ...]) -> str:
    """What the unknown key may have meant, looked up where it stands."""
    part: Any = Spec
    for step in location[:-1]:
        if isinstance(step, str) and isinstance(part, type) and issubclass(part, BaseModel):
            part = PARTS.get(step, part)
    known = [name for name in part.model_fields if name != "sql_text"]
    near = difflib.get_close_matches(str(location[-1]), known, 1, 0.6)
    return f"Did you mean `{near[0]}`?" if near else f"Known here: {', '.join(known)}"


DEEPEST = 6
DAY = "Write a day, like 2026-07-01"
WORDS = {
    "date_from_datetime_inexact": DAY,
    "date_from_datetime_parsing": DAY,
    "date_type": DAY,
    "dict_type": "Write names with their keys under it",
    "model_type": "Write its keys under it",
    "too_short": "Name at least one",
    "tuple_type": "Write a list, like [a, b]",
    COLUMN: "Use the name of a column: letters, digits and _, not a digit first",
    MODEL: "Use lower-case letters, digits and single hyphens, like rent-conversion",
}
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
