"""The requests of the smoke test, and which answers are right.

Every golden row, its keys in two orders and all rows at once, must give the stored probability to the last digit. What
the contract says of missing, extra, impossible, unseen and out-of-range values must hold too.
"""

import json
import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from build.image.smoke_test.http_client import HttpResponse
from model.bundle.bounds import Bounds
from model.bundle.bundle import Bundle
from model.bundle.features import CategoryFeature, NumberFeature
from model.bundle.golden import InputRow, InputValue
from model.errors import Problem

ResponseBody = Mapping[str, Any]  # of an answer, parsed
Check = Callable[[int, ResponseBody], str | None]  # (status, body) -> what is wrong, None for a right answer
HINT = (
    "Nothing was tagged. Build with the server, libraries and kind of processor that the bundle was trained with, "
    "or train it again"
)
UNSEEN = "a value that no training saw"


@dataclass(frozen=True)
class Case:
    """A request, and the check of the answer to it."""

    name: str
    path: str
    body: str
    check: Check
    method: str = "POST"
    code: str = "smoke-test-contract"

    @property
    def request(self) -> dict[str, str]:
        return {"method": self.method, "path": self.path, "body": self.body}


def cases_of(bundle: Bundle) -> list[Case]:
    """In the order in which they are sent."""
    return [_ready(bundle), *_golden(bundle), *_contract(bundle)]


def problems_of(cases: Sequence[Case], answers: Sequence[HttpResponse]) -> Iterator[Problem]:
    """Every wrong answer. The first is that of the first row that differs."""
    for case, answer in zip(cases, answers, strict=True):
        try:
            body = json.loads(answer.body)
        except ValueError:
            body = None
        problem = case.check(answer.status, body) if isinstance(body, dict) else "is not a JSON object"
        if problem is not None:
            yield Problem(case.name, problem, HINT, case.code)


def _ready(bundle: Bundle) -> Case:
    def check(status: int, body: ResponseBody) -> str | None:
        if (status, body.get("ready"), body.get("digest")) == (200, True, bundle.digest):
            return None
        return f"answers {status} for bundle {body.get('digest')}; this one is {bundle.digest}"

    return Case("/readyz", "/readyz", "", check, method="GET", code="smoke-test-bundle")


def _golden(bundle: Bundle) -> Iterator[Case]:
    for number, row in enumerate(bundle.golden):
        reversed_row = dict(reversed(row.input.items()))
        for suffix, values in (("", row.input), (", keys in another order", reversed_row)):
            name, body = f"golden row {number}{suffix}", json.dumps(values)
            yield Case(name, "/predict", body, _equals(row.probability), code="smoke-test-answer")
    columns = {feature.name: [row.input[feature.name] for row in bundle.golden] for feature in bundle.manifest.inputs}
    stored = [row.probability for row in bundle.golden]
    body = json.dumps({"columns": columns})
    yield Case("golden rows all at once", "/predict:batch", body, _all_equal(stored), code="smoke-test-answer")


def _equals(stored: float) -> Check:
    def check(status: int, body: ResponseBody) -> str | None:
        if status != 200:
            return f"is answered {status}: {json.dumps(body)[:300]}"
        probability = body.get("probability")
        return None if probability == stored else f"gives {probability!r}, stored is {stored!r}"

    return check


def _all_equal(stored: Sequence[float]) -> Check:
    def check(status: int, body: ResponseBody) -> str | None:
        probabilities = body.get("probability")
        if status != 200 or not isinstance(probabilities, list) or len(probabilities) != len(stored):
            return f"are answered {status}: {json.dumps(body)[:300]}"
        row = next((row for row, probability in enumerate(probabilities) if probability != stored[row]), None)
        return None if row is None else f"give {probabilities[row]!r} in row {row}, stored is {stored[row]!r}"

    return check


def _contract(bundle: Bundle) -> Iterator[Case]:
    """Of one ordinary row, changed in one value each."""
    inputs = bundle.manifest.inputs
    row: InputRow = dict(bundle.golden[0].input)
    first = inputs[0]
    without = {name: value for name, value in row.items() if name != first.name}
    yield _predict(f"a row without {first.name!r}", without, _refused("missing", first.name))
    extra = "".join(row) + "_"  # longer than every name there is
    yield _predict("a row with a column too many", {**row, extra: 1.0}, _refused("extra", extra))
    code = "text" if isinstance(first, CategoryFeature) else "number"
    yield _predict(f"NaN for {first.name!r}", {**row, first.name: math.nan}, _refused(code, first.name))
    for feature in inputs:
        if isinstance(feature, CategoryFeature):
            name, changed = f"an unseen value for {feature.name!r}", {**row, feature.name: UNSEEN}
        else:
            name, changed = f"{feature.name!r} beyond its range", {**row, feature.name: _beyond(feature)}
        is_refused = isinstance(feature, CategoryFeature) and feature.unknown == "refuse"
        check = _refused("category", feature.name) if is_refused else _scored(_flags(bundle, changed))
        yield _predict(name, changed, check)


def _predict(name: str, row: Mapping[str, float | str | None], check: Check) -> Case:
    return Case(name, "/predict", json.dumps(row), check)


def _beyond(feature: NumberFeature) -> float:
    """Far enough to be outside of rules over several columns too."""
    return 1000 * abs(feature.maximum or 0.0) + 1000


def _refused(code: str, where: str) -> Check:
    def check(status: int, body: ResponseBody) -> str | None:
        problems = [
            (item.get("code"), item.get("where")) for item in body.get("problems", []) if isinstance(item, dict)
        ]
        if status == 422 and (code, where) in problems:
            return None
        return f"is answered {status} with {problems}, where 422 with {(code, where)} is agreed"

    return check


def _scored(agreed: Mapping[str, list[str]]) -> Check:
    def check(status: int, body: ResponseBody) -> str | None:
        probability, flags = body.get("probability"), body.get("flags")
        if status != 200 or not isinstance(probability, float) or not 0 <= probability <= 1:
            return f"is answered {status}: {json.dumps(body)[:300]}"
        return None if flags == agreed else f"is flagged {flags}, where {agreed} is agreed"

    return check


def _flags(bundle: Bundle, row: InputRow) -> dict[str, list[str]]:
    return {
        "unknown_categories": _unknown(bundle, row),
        "outside_range": _out_of_range(bundle, row),
        "outside_bounds": _outside(bundle, row),
    }


def _unknown(bundle: Bundle, row: InputRow) -> list[str]:
    features = [feature for feature in bundle.manifest.inputs if isinstance(feature, CategoryFeature)]
    return [feature.name for feature in features if row[feature.name] not in (None, *feature.known)]


def _out_of_range(bundle: Bundle, row: InputRow) -> list[str]:
    numbers = [feature for feature in bundle.manifest.inputs if isinstance(feature, NumberFeature)]
    return [feature.name for feature in numbers if _is_beyond(feature, row[feature.name])]


def _is_beyond(feature: NumberFeature, value: InputValue) -> bool:
    if not isinstance(value, int | float):
        return False
    below = feature.minimum is not None and value < feature.minimum
    return below or (feature.maximum is not None and value > feature.maximum)


def _outside(bundle: Bundle, row: InputRow) -> list[str]:
    return [rule.name for rule in bundle.manifest.bounds if _is_outside(rule, row)]


def _is_outside(rule: Bounds, row: InputRow) -> bool:
    return bool(rule.outside({name: np.array([row[name]], dtype=np.float64) for name in rule.parsed.columns})[0])
