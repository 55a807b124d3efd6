"""A JSON document that one step writes and others read."""

import re
from pathlib import Path
from typing import Any, ClassVar, Self

import pydantic
from pydantic import BaseModel, ConfigDict

from model.errors import DataError, Problem
from model.files import dump_json, parse_json

MOST_PROBLEMS = 20  # of one document
MOST_CHARACTERS = 80  # of a wrong value in a message


class Section(BaseModel):
    """A section of a document: unknown keys are refused, and so are NaN and infinity."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


class Document(Section):
    """`FILE` is its name in the folder of `STEP`, which writes it. A subclass declares `format: Literal[N] = N`.

    The format number grows when an old reader would misread a new document.
    """

    FILE: ClassVar[str]
    STEP: ClassVar[str]

    @classmethod
    def read(cls, folder: Path) -> Self:
        """The document in `folder`. Raises DataError when it is missing, is not JSON or has any other content."""
        path = folder / cls.FILE
        try:
            data = path.read_bytes()
        except FileNotFoundError:
            hint = f"Run the step that writes it: {cls.STEP}"
            raise DataError(Problem(str(path), "is missing", hint, "file-missing")) from None
        return cls.parse(data, name=str(path))

    @classmethod
    def read_if_present(cls, folder: Path) -> Self | None:
        """As `read`; None where there is no such file, because its step had no reason to write one."""
        return cls.read(folder) if (folder / cls.FILE).exists() else None

    @classmethod
    def parse(cls, data: bytes, *, name: str) -> Self:
        """The document in `data`; `name` is the file in messages.

        JSON first, then the format number, then every field: types are not converted, so that "1" is not a number.
        Raises DataError with every problem.
        """
        hint = f"Write it again with the step of this version of Kamado: {cls.STEP}"
        try:
            value = parse_json(data)
        except ValueError as error:
            raise DataError(Problem(name, f"is not JSON ({error})", hint, "file-not-json")) from None
        if problem := cls._other_format(value):
            raise DataError(Problem(f"{name} format", problem, hint, "artifact-format"))
        try:
            return cls.model_validate_json(data, strict=True)
        except pydantic.ValidationError as error:
            details = error.errors(include_url=False)[:MOST_PROBLEMS]
            raise DataError(*(_problem(name, detail, hint) for detail in details)) from None

    @classmethod
    def _other_format(cls, value: Any) -> str | None:
        """What is wrong with the format number of a parsed document; None where it is this class's own."""
        if not isinstance(value, dict):
            return "is missing, because the file is not an object"
        if "format" not in value:
            return "is missing"
        number = value["format"]
        if isinstance(number, bool) or number != cls.model_fields["format"].default:
            return f"is {_short(number)}, not {cls.model_fields['format'].default}"
        return None

    def dump(self) -> bytes:
        """The one byte sequence of this document. Its first lines are its first fields: a preview shows no more."""
        return dump_json(_in_order(self), sort_keys=False)

    def write(self, folder: Path) -> None:
        """Write it into `folder`, which the step publishes as a whole."""
        (folder / self.FILE).write_bytes(self.dump())


def _in_order(value: Any) -> Any:
    """Fields in the order of their class, after those that the class does not declare; keys of a mapping sorted."""
    if isinstance(value, BaseModel):
        names = (*sorted(value.model_extra or ()), *type(value).model_fields)
        return {name: _in_order(getattr(value, name)) for name in names}
    if isinstance(value, dict):
        return {key: _in_order(value[key]) for key in sorted(value)}
    return [_in_order(item) for item in value] if isinstance(value, tuple) else value


def _problem(name: str, detail: Any, hint: str) -> Problem:
    """`detail` is one of the errors that Pydantic lists."""
    where = ".".join(map(str, detail["loc"]))
    suffix = "" if detail["type"] == "missing" else f", found {_short(detail['input'])}"
    return Problem(f"{name} {where}".rstrip(), f"{detail['msg']}{suffix}", hint, "artifact-invalid")


def _short(value: object) -> str:
    return re.sub(r"\s+", " ", repr(value))[:MOST_CHARACTERS]
