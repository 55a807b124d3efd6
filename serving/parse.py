"""Request bodies to the numbers that a scorer reads, or to the problems of the body."""

from dataclasses import dataclass
from itertools import islice

import numpy as np
import pydantic
from numpy.typing import NDArray
from pydantic import BaseModel, JsonValue, TypeAdapter

from model.bundle.manifest import BundleManifest
from model.errors import Problem
from serving.body_problems import MAX_PROBLEMS, BodyProblems
from serving.errors import RequestError, TooLarge
from serving.inputs import InputNumbers
from serving.json_body import parse_json
from serving.keys import Keys, surplus_keys
from serving.types import batch_type, columns_type, field_name, row_type


@dataclass(frozen=True)
class BodyType:
    """What one route accepts."""

    type: TypeAdapter[BaseModel]
    keys: Keys


class RequestParser:
    """Built once per bundle. `row_schema` and `batch_schema` are the JSON Schemas of what it accepts."""

    def __init__(self, manifest: BundleManifest, *, max_rows: int) -> None:
        names = [feature.name for feature in manifest.inputs]
        self._fields = tuple((field_name(index), name) for index, name in enumerate(names))
        self._max_rows = max_rows
        self._numbers = InputNumbers(manifest.inputs)
        self._problems = BodyProblems(names, manifest.position)
        row, inputs = row_type(manifest), Keys(frozenset(names))
        self._row = BodyType(TypeAdapter(row), inputs)
        self._batch = BodyType(TypeAdapter(batch_type(manifest)), Keys({"columns"}, {"columns": inputs}))
        self.row_schema: dict[str, JsonValue] = row.model_json_schema()
        self.batch_schema: dict[str, JsonValue] = {
            "title": "Batch",
            "type": "object",
            "description": f"Up to {max_rows} rows, column by column.",
            "properties": {"columns": columns_type(manifest).model_json_schema()},
            "required": ["columns"],
            "additionalProperties": False,
        }

    def row(self, body: bytes) -> NDArray[np.float64]:
        """One row as (1, inputs). Raises RequestError with the first problems."""
        values = self._validate(self._row, body).__dict__
        return self._numbers.of_columns({name: [values[field]] for field, name in self._fields})

    def batch(self, body: bytes) -> NDArray[np.float64]:
        """Many rows as (rows, inputs). Raises RequestError with the first problem of each column, TooLarge."""
        lists = self._validate(self._batch, body).__dict__["columns"].__dict__
        columns = {name: lists[field] for field, name in self._fields}
        rows = len(columns[self._fields[0][1]])
        longest = max(map(len, columns.values()))
        if longest > self._max_rows:
            hint = f"Send at most {self._max_rows} rows in one request, or raise KAMADO_MAX_ROWS"
            raise TooLarge(Problem("columns", f"has {longest} rows", hint, "rows"))
        uneven = [name for name, values in columns.items() if len(values) != rows]
        if uneven:
            raise RequestError(*(self._uneven(name, len(columns[name]), rows) for name in uneven))
        return self._numbers.of_columns(columns)

    def _uneven(self, name: str, length: int, rows: int) -> Problem:
        problem = f"has {length} values, {self._fields[0][1]} has {rows}"
        return Problem(f"columns.{name}", problem, "Send one value per row in every column", "uneven")

    def _validate(self, body_type: BodyType, body: bytes) -> BaseModel:
        """Keys come first: the parser drops duplicates, and there may be very many unknown ones."""
        duplicates = self._duplicate_keys(body_type.keys, body) if body_type.keys.may_have_surplus(body) else []
        try:
            value = body_type.type.validate_python(_parse(body))
        except pydantic.ValidationError as error:
            details = error.errors(include_url=False, include_context=False)
            raise RequestError(*duplicates, *self._problems.of_values(details)) from None
        if duplicates:
            raise RequestError(*duplicates)
        return value

    def _duplicate_keys(self, keys: Keys, body: bytes) -> list[Problem]:
        """Raises RequestError for a body with more surplus keys than an answer lists."""
        surplus = list(islice(surplus_keys(body.decode(errors="replace"), keys), MAX_PROBLEMS + 1))
        if len(surplus) > MAX_PROBLEMS:
            raise RequestError(*self._problems.of_keys(surplus))
        return self._problems.of_keys([key for key in surplus if key.is_duplicate])


def _parse(body: bytes) -> JsonValue:
    try:
        return parse_json(body)
    except ValueError as error:
        raise RequestError(Problem("body", f"is not JSON ({error})", "Send one JSON object", "json")) from None
