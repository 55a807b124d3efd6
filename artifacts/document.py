"""A JSON document that one step writes and others read."""

from pathlib import Path
from typing import Any, ClassVar, Self

import pydantic
from pydantic import BaseModel, ConfigDict

from model.errors import DataError, Problem
from model.files import dump_json, parse_json


class Section(BaseModel):
    """A part of a document: unknown keys are refused, and so are NaN and infinity."""

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
            return cls.parse(path.read_bytes(), name=str(path))
        except FileNotFoundError:
            hint = f"Run the step that writes it: {cls.STEP}"
            raise DataError(Problem(str(path), "is missing", hint, "file-missing")) from None

    @classmethod
    def parse(cls, data: bytes, *, name: str) -> Self:
        """The document in `data`; `name` is the file in messages. Raises DataError with every problem."""
        hint = f"Write it again with the step of this version of Kamado: {cls.STEP}"
        try:
            return cls.model_validate(parse_json(data))
        except pydantic.ValidationError as error:
            raise DataError(*(_problem(name, detail, hint) for detail in error.errors())) from None
        except ValueError as error:
            raise DataError(Problem(name, f"is not JSON ({error})", hint, "file-not-json")) from None

    def dump(self) -> bytes:
        """The one byte sequence of this document."""
        return dump_json(self.model_dump(mode="json"))

    def write(self, folder: Path) -> None:
        """Write it into `folder`, which the step publishes as a whole."""
        (folder / self.FILE).write_bytes(self.dump())


def _problem(name: str, detail: Any, hint: str) -> Problem:
    where = ".".join(map(str, detail["loc"]))
    return Problem(f"{name} {where}".rstrip(), str(detail["msg"]), hint, "artifact-invalid")
