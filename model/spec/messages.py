"""Pydantic's errors of a spec as problems: field, value, hint and a stable code."""

import difflib
import reprlib
from collections.abc import Iterator, Mapping

import pydantic
from pydantic import BaseModel
from pydantic_core import ErrorDetails

from model.errors import Problem

MOST_CHARACTERS = 200  # of a value
DAY = "Write a day, like 2026-07-01"
INTEGER, NUMBER = "Write a whole number, like 14", "Write a number, like 0.5"
LOOK_UP = "docs/spec.md lists the allowed values"
# By pydantic's type of error; {names} are from its context.
WORDS = {
    "bool_type": "Write true or false",
    "date_from_datetime_inexact": DAY,
    "date_from_datetime_parsing": DAY,
    "date_type": DAY,
    "dict_type": "Write names with their keys under it",
    "finite_number": "Write a finite number",
    "float_parsing": NUMBER,
    "float_type": NUMBER,
    "greater_than": "Write a number above {gt}",
    "greater_than_equal": "Write {ge} or more",
    "int_from_float": INTEGER,
    "int_parsing": INTEGER,
    "int_parsing_size": INTEGER,
    "int_type": INTEGER,
    "less_than": "Write a number below {lt}",
    "less_than_equal": "Write {le} or less",
    "literal_error": "Write {expected}",
    "model_type": "Write its keys under it",
    "recursion_loop": "An anchor may not hold itself",
    "string_too_long": "Use at most {max_length} characters",
    "string_too_short": "Use at least {min_length} characters",
    "string_type": "Write a text; in quotes, if YAML would read something else",
    "too_short": "Name at least one",
    "tuple_type": "Write a list, like [a, b]",
}


class _ShortRepr(reprlib.Repr):
    """A value as it was written, cut where it is long, wide or deep."""

    def __init__(self) -> None:
        super().__init__()
        self.maxlevel, self.maxstring, self.maxother, self.maxlong, self.maxdict = 3, 80, 80, 60, 3

    def repr_int(self, x: int, level: int) -> str:
        try:
            return super().repr_int(x, level)
        except ValueError:  # Python writes no more than 4,300 digits
            return f"a number of about {x.bit_length() * 3 // 10:,} digits"


def short_repr(value: object) -> str:
    """The value as it was written, at most 200 characters."""
    text = _ShortRepr().repr(value)
    return text if len(text) <= MOST_CHARACTERS else f"{text[: MOST_CHARACTERS - 3]}..."


def problems_of(
    error: pydantic.ValidationError, root: type[BaseModel], parts: Mapping[str, type[BaseModel]]
) -> Iterator[Problem]:
    """Every problem once. `parts` are the models below `root` by their key, to look unknown keys up."""
    details = error.errors(include_url=False)
    # A list counts as too short when a value in it is wrong; that value is reported already.
    inside = {detail["loc"][:-1] for detail in details}
    for detail in details:
        if detail["type"] != "too_short" or detail["loc"] not in inside:
            yield from _problems(detail, root, parts)


def _problems(detail: ErrorDetails, root: type[BaseModel], parts: Mapping[str, type[BaseModel]]) -> Iterator[Problem]:
    where = ".".join(str(part) for part in detail["loc"]) or "spec"
    if detail["type"] == "extra_forbidden":
        yield Problem(where, "is an unknown key", _nearest(detail["loc"], root, parts), "spec-unknown-key")
    elif detail["type"] == "missing":
        yield Problem(where, "is missing", f"Add `{detail['loc'][-1]}:` to spec.yaml", "spec-missing-key")
    elif detail["type"] == "value_error" and where == "spec":
        for line in _message(detail).split("\n"):
            field, _, rest = line.partition(": ")
            yield _from_validator(field, rest, "spec-contradiction")
    elif detail["type"] == "value_error":
        yield _from_validator(where, _message(detail), "spec-value")
    elif detail["loc"][-1:] == ("[key]",):
        hint = _key_hint(detail)
        yield Problem(str(detail["loc"][0]), f"has the key {short_repr(detail['input'])}", hint, "spec-value")
    else:
        yield Problem(where, f"is {short_repr(detail['input'])}", _hint(detail), "spec-value")


def _key_hint(detail: ErrorDetails) -> str:
    if detail["type"] == "literal_error":
        return _hint(detail)
    return FORMS["column"] if isinstance(detail["input"], str) else "Put the name in quotes"


def _message(detail: ErrorDetails) -> str:
    return str(detail["msg"]).removeprefix("Value error, ")


def _hint(detail: ErrorDetails) -> str:
    context = {name: _plain(value) for name, value in detail.get("ctx", {}).items()}
    if detail["type"] == "string_pattern_mismatch":
        return FORMS.get(".".join(map(str, detail["loc"])), FORMS["column"])
    return WORDS.get(detail["type"], LOOK_UP).format(**context)


def _plain(value: object) -> object:
    """A bound without the `.0` of a whole number."""
    return f"{value:,.10g}" if isinstance(value, int | float) else value


FORMS = {
    "column": "Use the name of a column: letters, digits and _, not a digit first",
    "model": "Use lower-case letters, digits and single hyphens, like rent-conversion",
    "source.bigquery": "Write it as PROJECT[.DATASET]@LOCATION, for example my-project.analytics@EU",
    "source.export": "Write it as gs://BUCKET/PREFIX, in letters, digits and . _ - =, the bucket in lower case",
    "training.scheduler": "Write it as tcp://HOST:PORT or tls://HOST:PORT, as the scheduler prints it",
    "source.materialize": "Name a dataset of the project: letters, digits and _",
}


def _from_validator(where: str, message: str, code: str) -> Problem:
    """Validators of the spec write "problem | hint"."""
    problem, _, hint = message.partition(" | ")
    return Problem(where, problem, hint[:1].upper() + hint[1:] if hint else "Fix it in spec.yaml", code)


def _nearest(location: tuple[str | int, ...], root: type[BaseModel], parts: Mapping[str, type[BaseModel]]) -> str:
    """The known key that is nearest to the unknown one, at its level."""
    part = root
    for step in location[:-1]:
        part = parts.get(str(step), part)
    known = [name for name in part.model_fields if name != "sql_text"]
    near = difflib.get_close_matches(str(location[-1]), known, 1, 0.6)
    return f"Did you mean `{near[0]}`?" if near else f"Known here: {', '.join(known)}"
