"""What is wrong with a body, in our own words, and not more of it than a person reads."""

import difflib
from collections.abc import Sequence

from pydantic_core import ErrorDetails

from model.bundle.bundle import Position
from model.errors import Fault
from serving.json_body import shown
from serving.keys import SurplusKey

MOST_FAULTS = 20
MOST_COMPARISONS = 2_000  # of names, in search of one that is near: about 60 ms
LONGEST_VALUE = 60
NUMBER = {"float_type": "a number", "finite_number": "a finite number"}
Location = tuple[str | int, ...]


class BodyFaults:
    """For one model: `inputs` are the names that it asks for."""

    def __init__(self, inputs: Sequence[str], position: Position | None) -> None:
        self._inputs = inputs
        self._position = position
        self._most_suggestions = max(1, MOST_COMPARISONS // len(inputs))

    def of_values(self, details: Sequence[ErrorDetails]) -> list[Fault]:
        """Of what the types refused; only the first MOST_FAULTS are described, the rest is counted."""
        faults = [self._fault(detail, number) for number, detail in enumerate(details[:MOST_FAULTS])]
        if len(details) > MOST_FAULTS:
            faults.append(_more(f"has {len(details) - MOST_FAULTS} more faults"))
        return faults

    def of_keys(self, keys: Sequence[SurplusKey]) -> list[Fault]:
        faults = [
            _twice(key.path) if key.twice else self._unknown(key.path, number)
            for number, key in enumerate(keys[:MOST_FAULTS])
        ]
        if len(keys) > MOST_FAULTS:
            faults.append(_more("has more faults"))
        return faults

    def _fault(self, detail: ErrorDetails, number: int) -> Fault:
        kind, location = detail["type"], detail["loc"]
        where, found = _where(location), f"is {shown(detail['input'], LONGEST_VALUE)}"
        if kind == "missing":
            return Fault(where, "is missing", "Send it, as null when it is not known", "missing")
        if kind == "extra_forbidden":
            return self._unknown(location, number)
        if kind in NUMBER:
            return Fault(where, found, f"Send {NUMBER[kind]}, or null when it is not known", "number")
        if kind == "string_type":
            return Fault(where, found, "Send a text in quotes, or null when it is not known", "text")
        if kind == "too_short":
            return Fault(where, "holds no value", "Send at least one row", "empty")
        if kind == "list_type":
            return Fault(where, found, "Send a list with one value per row", "list")
        return Fault(where, found, "Send a JSON object with every input by name", "object")

    def _unknown(self, location: Location, number: int) -> Fault:
        """The fault of this number, from 0: for the first ones a name that is near is looked for."""
        name = str(location[-1])
        if name in self._inputs:  # only where the inputs are asked for further inside
            return Fault(_where(location), "stands beside columns", "Put every input into columns", "extra")
        way_out = "Leave it out; /model lists the inputs"
        if self._position and name == self._position.feature:
            way_out = f"Leave it out: every row is scored as if shown in place {self._position.constant}"
        elif number < self._most_suggestions:
            near = difflib.get_close_matches(name, self._inputs, 1, 0.6)
            way_out = f"Did you mean {near[0]}?" if near else way_out
        return Fault(_where(location), "is no input of this model", way_out, "extra")


def _twice(location: Location) -> Fault:
    return Fault(_where(location), "is given twice", "Send every key once", "twice")


def _more(found: str) -> Fault:
    return Fault("body", found, "Fix these first", "more")


def _where(location: Location) -> str:
    """columns.rent[3], rent, or body."""
    parts = [f"[{part}]" if isinstance(part, int) else f".{part}" for part in location]
    return "".join(parts).removeprefix(".") or "body"
