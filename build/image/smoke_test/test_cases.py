"""What an image is asked, and which answers are right.

Every golden row, its keys in two orders and all rows at once, must give the stored probability to the last digit. What
the contract says of missing, extra, impossible, unseen and out-of-range values must hold too.
"""

import json
import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from model.bundle.bounds import Bounds
from model.bundle.bundle import Bundle
from model.bundle.features import CategoryFeature, NumberFeature
from model.errors import Problem

Row = dict[str, float | str | None]
Answer = dict[str, Any]
WAY_OUT = (
    "Nothing was tagged. Build with the server, libraries and kind of processor that the bundle was trained with, "
    "or train it again"
)
UNSEEN = "a value that no training saw"


@dataclass(frozen=True)
class Question:
    """A request, and what is wrong with an answer to it: None for a right one."""

    name: str
    path: str
    body: str
    wrong: Callable[[int, Answer], str | None]
    method: str = "POST"
    code: str = "seal-contract"

    @property
    def request(self) -> dict[str, str]:
        return {"method": self.method, "path": self.path, "body": self.body}


def questions(bundle: Bundle) -> list[Question]:
    """In the order in which they are asked."""
    return [_ready(bundle), *_golden(bundle), *_contract(bundle)]


def problems(asked: Sequence[Question], answers: Sequence[dict[str, Any]]) -> Iterator[Problem]:
    """Every wrong answer. The first is the first differing row."""
    for question, answer in zip(asked, answers, strict=True):
        try:
            body = json.loads(answer["body"])
        except ValueError:
            body = None
        told = "is not a JSON object" if not isinstance(body, dict) else question.wrong(answer["status"], body)
        if told is not None:
            yield Problem(question.name, told, WAY_OUT, question.code)


def _ready(bundle: Bundle) -> Question:
    def wrong(status: int, answer: Answer) -> str | None:
        if (status, answer.get("ready"), answer.get("digest")) == (200, True, bundle.digest):
            return None
        return f"answers {status} for bundle {answer.get('digest')}; this one is {bundle.digest}"

    return Question("/readyz", "/readyz", "", wrong, method="GET", code="seal-bundle")


def _golden(bundle: Bundle) -> Iterator[Question]:
    for number, row in enumerate(bundle.golden):
        turned = dict(reversed(row.input.items()))
        for order, given in (("", row.input), (", keys in another order", turned)):
            name = f"golden row {number}{order}"
            yield Question(name, "/predict", json.dumps(given), _equals(row.probability), code="seal-answer")
    columns = {one.name: [row.input[one.name] for row in bundle.golden] for one in bundle.manifest.inputs}
    stored = [row.probability for row in bundle.golden]
    body = json.dumps({"columns": columns})
    yield Question("golden rows all at once", "/predict:batch", body, _equal(stored), code="seal-answer")


def _equals(stored: float) -> Callable[[int, Answer], str | None]:
    def wrong(status: int, answer: Answer) -> str | None:
        if status != 200:
            return f"is answered {status}: {json.dumps(answer)[:300]}"
        given = answer.get("probability")
        return None if given == stored else f"gives {given!r}, stored is {stored!r}"

    return wrong


def _equal(stored: Sequence[float]) -> Callable[[int, Answer], str | None]:
    def wrong(status: int, answer: Answer) -> str | None:
        given = answer.get("probability")
        if status != 200 or not isinstance(given, list) or len(given) != len(stored):
            return f"are answered {status}: {json.dumps(answer)[:300]}"
        row = next((row for row, one in enumerate(given) if one != stored[row]), None)
        return None if row is None else f"give {given[row]!r} in row {row}, stored is {stored[row]!r}"

    return wrong


def _contract(bundle: Bundle) -> Iterator[Question]:
    """Of one ordinary row, changed in one place each."""
    inputs = bundle.manifest.inputs
    row: Row = dict(bundle.golden[0].input)
    first = inputs[0].name
    without = json.dumps({name: value for name, value in row.items() if name != first})
    yield Question(f"a row without {first!r}", "/predict", without, _refused("missing", first))
    extra = "".join(row) + "_"  # longer than every name there is
    yield Question(
        "a row with a column too many", "/predict", json.dumps({**row, extra: 1.0}), _refused("extra", extra)
    )
    not_a_number = json.dumps({**row, first: math.nan})
    yield Question(
        f"NaN for {first!r}",
        "/predict",
        not_a_number,
        _refused("text" if isinstance(inputs[0], CategoryFeature) else "number", first),
    )
    for feature in inputs:
        unusual: Row
        if isinstance(feature, CategoryFeature):
            unusual, told = {**row, feature.name: UNSEEN}, f"an unseen value for {feature.name!r}"
        else:
            unusual, told = {**row, feature.name: _beyond(feature)}, f"{feature.name!r} beyond its range"
        unknown = [
            one.name
            for one in inputs
            if isinstance(one, CategoryFeature) and unusual[one.name] not in (None, *one.categories)
        ]
        yield Question(told, "/predict", json.dumps(unusual), _scored(unknown, _outside(bundle, unusual)))


def _beyond(feature: NumberFeature) -> float:
    """Far enough to be outside of rules over several columns too."""
    return 1000 * abs(feature.maximum or 0.0) + 1000


def _refused(code: str, where: str) -> Callable[[int, Answer], str | None]:
    def wrong(status: int, answer: Answer) -> str | None:
        told = [(one.get("code"), one.get("where")) for one in answer.get("problems", []) if isinstance(one, dict)]
        if status == 422 and (code, where) in told:
            return None
        return f"is answered {status} with {told}, where 422 with {(code, where)} is agreed"

    return wrong


def _scored(unknown: list[str], outside: list[str]) -> Callable[[int, Answer], str | None]:
    def wrong(status: int, answer: Answer) -> str | None:
        given, flags = answer.get("probability"), answer.get("flags")
        if status != 200 or not isinstance(given, float) or not 0 <= given <= 1:
            return f"is answered {status}: {json.dumps(answer)[:300]}"
        agreed = {"unknown_categories": unknown, "outside_bounds": outside}
        return None if flags == agreed else f"is flagged {flags}, where {agreed} is agreed"

    return wrong


def _outside(bundle: Bundle, row: Row) -> list[str]:
    return [rule.name for rule in bundle.manifest.bounds if _is_outside(rule, row)]


def _is_outside(rule: Bounds, row: Row) -> bool:
    return bool(rule.outside({name: np.array([row[name]], dtype=np.float64) for name in rule.parsed.columns})[0])
