"""What is wrong with a body, in our own words, and not more of it than a person reads."""

import difflib
from collections.abc import Sequence

from pydantic_core import ErrorDetails

from model.bundle.manifest import Position
from model.errors import Problem
from serving.json_body import shown
from serving.keys import SurplusKey

MAX_PROBLEMS = 20
MOST_COMPARISONS = 2_000  # of names, in search of one that is near: about 60 ms
LONGEST_VALUE = 60
NUMBER = {"float_type": "a number", "finite_number": "a finite number"}
Location = tuple[str | int, ...]


class BodyProblems:
    """For one model: `inputs` are the names that it asks for."""

    def __init__(self, inputs: Sequence[str], position: Position | None) -> None:
        self._inputs = inputs
        self._position = position
        self._most_suggestions = max(1, MOST_COMPARISONS // len(inputs))

    def of_values(self, details: Sequence[ErrorDetails]) -> list[Problem]:
        """Of what the types refused; only the first MOST_FAULTS are described, the rest is counted."""
        problems = [self._fault(detail, number) for number, detail in enumerate(details[:MAX_PROBLEMS])]
        if len(details) > MAX_PROBLEMS:
            problems.append(_more(f"has {len(details) - MAX_PROBLEMS} more problems"))
        return problems

    def of_keys(self, keys: Sequence[SurplusKey]) -> list[Problem]:
        problems = [
            _twice(key.path) if key.twice else self._unknown(key.path, number)
            for number, key in enumerate(keys[:MAX_PROBLEMS])
        ]
        if len(keys) > MAX_PROBLEMS:
            problems.append(_more("has more problems"))
        return problems

    def _fault(self, detail: ErrorDetails, number: int) -> Problem:
        kind, location = detail["type"], detail["loc"]
        where, found = _where(location), f"is {shown(detail['input'], LONGEST_VALUE)}"
        if kind == "missing":
            return Problem(where, "is missing", "Send it, as null when it is not known", "missing")
        if kind == "extra_forbidden":
            return self._unknown(location, number)
        if kind in NUMBER:
            return Problem(where, found, f"Send {NUMBER[kind]}, or null when it is not known", "number")
        if kind == "string_type":
            return Problem(where, found, "Send a text in quotes, or null when it is not known", "text")
        if kind == "too_short":
            return Problem(where, "holds no value", "Send at least one row", "empty")
        if kind == "list_type":
            return Problem(where, found, "Send a list with one value per row", "list")
        return Problem(where, found, "Send a JSON object with every input by name", "object")

    def _unknown(self, location: Location, number: int) -> Problem:
        """The problem of this number, from 0: for the first ones a name that is near is looked for."""
        name = str(location[-1])
        if name in self._inputs:  # only where the inputs are asked for further inside
            return Problem(_where(location), "stands beside columns", "Put every input into columns", "extra")
        hint = "Leave it out; /model lists the inputs"
        if self._position and name == self._position.feature:
            hint = f"Leave it out: every row is scored as if shown in place {self._position.constant}"
        elif number < self._most_suggestions:
            near = difflib.get_close_matches(name, self._inputs, 1, 0.6)
            hint = f"Did you mean {near[0]}?" if near else hint
        return Problem(_where(location), "is no input of this model", hint, "extra")


def _twice(location: Location) -> Problem:
    return Problem(_where(location), "is given twice", "Send every key once", "twice")


def _more(found: str) -> Problem:
    return Problem("body", found, "Fix these first", "more")


def _where(location: Location) -> str:
    """columns.rent[3], rent, or body."""
    parts = [f"[{part}]" if isinstance(part, int) else f".{part}" for part in location]
    return "".join(parts).removeprefix(".") or "body"
