"""The problems of a body in plain sentences, and only the first of them."""

import difflib
from collections.abc import Sequence

from pydantic_core import ErrorDetails

from model.bundle.features import CategoryFeature
from model.bundle.manifest import BundleManifest
from model.errors import Problem
from serving.json_body import excerpt
from serving.keys import SurplusKey

MAX_PROBLEMS = 20
MAX_COMPARISONS = 2_000  # of names, to find a similar one: about 60 ms
MAX_VALUE_LENGTH = 60
NUMBER_TYPES = {"float_type": "a number", "finite_number": "a finite number"}
Location = tuple[str | int, ...]


class BodyProblems:
    """Describes the problems of bodies for one model."""

    def __init__(self, manifest: BundleManifest) -> None:
        self._inputs = [feature.name for feature in manifest.inputs]
        self._categories = {
            feature.name: feature.categories for feature in manifest.inputs if isinstance(feature, CategoryFeature)
        }
        self._position = manifest.position
        self._max_suggestions = max(1, MAX_COMPARISONS // len(self._inputs))

    def of_values(self, details: Sequence[ErrorDetails]) -> list[Problem]:
        """Of what the types refused: the first MAX_PROBLEMS are described, the rest is counted."""
        problems = [self._describe(detail, index) for index, detail in enumerate(details[:MAX_PROBLEMS])]
        if len(details) > MAX_PROBLEMS:
            problems.append(_more(f"has {len(details) - MAX_PROBLEMS} more problems"))
        return problems

    def of_keys(self, keys: Sequence[SurplusKey]) -> list[Problem]:
        """Of surplus keys: the first MAX_PROBLEMS are described."""
        problems = [self._surplus(key, index) for index, key in enumerate(keys[:MAX_PROBLEMS])]
        if len(keys) > MAX_PROBLEMS:
            problems.append(_more("has more problems"))
        return problems

    def _surplus(self, key: SurplusKey, index: int) -> Problem:
        if key.is_nested:
            return Problem(_path(key.path), "has objects or lists inside", "Send numbers, texts or null", "object")
        return _duplicate(key.path) if key.is_duplicate else self._unknown(key.path, index)

    def _describe(self, detail: ErrorDetails, index: int) -> Problem:
        kind, location = detail["type"], detail["loc"]
        where, problem = _path(location), f"is {excerpt(detail['input'], MAX_VALUE_LENGTH)}"
        if self._is_of_log(location) and kind != "extra_forbidden":
            return Problem(where, problem, "Send what the prediction log takes, or leave it out", "log")
        if kind == "missing":
            return Problem(where, "is missing", "Send it, as null when it is not known", "missing")
        if kind == "extra_forbidden":
            return self._unknown(location, index)
        if kind in NUMBER_TYPES:
            return Problem(where, problem, f"Send {NUMBER_TYPES[kind]}, or null when it is not known", "number")
        if kind == "literal_error" and isinstance(detail["input"], str):
            return self._unknown_category(location, detail["input"], problem)
        if kind in ("string_type", "literal_error"):
            return Problem(where, problem, "Send a string in quotes, or null when it is not known", "text")
        if kind == "too_short":
            return Problem(where, "is empty", "Send at least one row", "empty")
        if kind == "list_type" and location == ("rows",):
            return Problem(where, problem, "Send a list of objects with every input by name", "list")
        if kind == "list_type":
            return Problem(where, problem, "Send a list with one value per row", "list")
        return Problem(where, problem, "Send a JSON object with every input by name", "object")

    def _unknown_category(self, location: Location, value: str, problem: str) -> Problem:
        """Of an input whose unknown categories are refused."""
        name = next(step for step in reversed(location) if isinstance(step, str))
        known = self._categories[name]
        similar = difflib.get_close_matches(value, known, 1, 0.6) if len(known) <= MAX_COMPARISONS else []
        hint = f"Did you mean {similar[0]}?" if similar else "Send one that /model lists, or null when it is not known"
        return Problem(_path(location), f"{problem}, which training did not know", hint, "category")

    def _is_of_log(self, location: Location) -> bool:
        """Whether it is in `log` of a batch, and not in an input of that name."""
        if location[:1] != ("log",):
            return False
        return isinstance(location[1], str) if len(location) > 1 else "log" not in self._inputs

    def _unknown(self, location: Location, index: int) -> Problem:
        """The problem with this index: a similar name is only searched for the first ones."""
        name = str(location[-1])
        if self._is_of_log(location) and len(location) > 1:
            return Problem(_path(location), "is not a key of `log`", "Remove it", "extra")
        if name in self._inputs:  # only in a batch, beside `columns` or `rows`
            return Problem(_path(location), "is not inside of `columns`", "Put every input into `columns`", "extra")
        hint = "Remove it; /model lists the inputs"
        if location in (("rows",), ("columns",)):
            hint = "Send many rows to /predict:batch, and one as an object with every input by name"
        if self._position and name == self._position.feature:
            hint = f"Remove it: every row is scored as if shown at position {self._position.constant}"
        elif index < self._max_suggestions:
            similar = difflib.get_close_matches(name, self._inputs, 1, 0.6)
            hint = f"Did you mean {similar[0]}?" if similar else hint
        return Problem(_path(location), "is not an input of this model", hint, "extra")


def _duplicate(location: Location) -> Problem:
    return Problem(_path(location), "appears twice", "Send every key once", "twice")


def _more(problem: str) -> Problem:
    return Problem("body", problem, "Fix the others first", "more")


def _path(location: Location) -> str:
    """columns.rent[3], rent, or body."""
    steps = [f"[{step}]" if isinstance(step, int) else f".{step}" for step in location]
    return "".join(steps).removeprefix(".") or "body"
