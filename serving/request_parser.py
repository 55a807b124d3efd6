"""Bodies into columns by name, or the reasons why not."""

from dataclasses import dataclass
from itertools import islice
from typing import Any

import pydantic
from pydantic import BaseModel, TypeAdapter, create_model

from model.bundle.manifest import Manifest
from model.errors import Problem
from serving.body_problems import MAX_PROBLEMS, BodyProblems
from serving.errors import RequestError, TooLarge
from serving.json_body import parsed
from serving.keys import Keys, surplus_keys
from serving.schema import STRICT, columns_type, field, row_type
from serving.scorer import Value


@dataclass(frozen=True)
class BodyType:
    """What one route accepts."""

    type: TypeAdapter[BaseModel]
    keys: Keys


class Reader:
    """Built once per bundle. `row_schema` and `batch_schema` are the JSON Schemas of what it accepts."""

    def __init__(self, manifest: Manifest, *, max_rows: int) -> None:
        self._names = tuple((field(place), feature.name) for place, feature in enumerate(manifest.inputs))
        self._max_rows = max_rows
        self._problems = BodyProblems([feature.name for feature in manifest.inputs], manifest.position)
        row, columns = row_type(manifest), columns_type(manifest)
        batch = create_model("Batch", __config__=STRICT, columns=(columns, ...))
        inputs = Keys(frozenset(feature.name for feature in manifest.inputs))
        self._row = BodyType(TypeAdapter(row), inputs)
        self._batch = BodyType(TypeAdapter(batch), Keys({"columns"}, {"columns": inputs}))
        self.row_schema = row.model_json_schema()
        self.batch_schema = {
            "title": "Batch",
            "type": "object",
            "description": f"Up to {max_rows} rows, column by column.",
            "properties": {"columns": columns.model_json_schema()},
            "required": ["columns"],
            "additionalProperties": False,
        }

    def row(self, body: bytes) -> dict[str, list[Value]]:
        """Columns of one row. Raises RequestError with the first problems."""
        values = self._validated(self._row, body).__dict__
        return {name: [values[field]] for field, name in self._names}

    def batch(self, body: bytes) -> dict[str, list[Value]]:
        """Columns of many rows. Raises RequestError with the first problem of each column, TooLarge."""
        lists = self._validated(self._batch, body).__dict__["columns"].__dict__
        columns = {name: lists[field] for field, name in self._names}
        rows = len(columns[self._names[0][1]])
        longest = max(map(len, columns.values()))
        if longest > self._max_rows:
            hint = f"Send at most {self._max_rows} rows in one request, or raise KAMADO_MAX_ROWS"
            raise TooLarge(Problem("columns", f"has {longest} rows", hint, "rows"))
        uneven = [name for name, values in columns.items() if len(values) != rows]
        if uneven:
            raise RequestError(*(self._uneven(name, len(columns[name]), rows) for name in uneven))
        return columns

    def _uneven(self, name: str, length: int, rows: int) -> Problem:
        found = f"has {length} values, {self._names[0][1]} has {rows}"
        return Problem(f"columns.{name}", found, "Send one value per row in every column", "uneven")

    def _validated(self, body_type: BodyType, body: bytes) -> BaseModel:
        """Keys come first: one that is given twice is gone once the body is parsed, and unknown ones may be many."""
        twice = self._keys_given_twice(body_type.keys, body) if body_type.keys.may_have_surplus(body) else []
        try:
            value = body_type.type.validate_python(_parsed(body))
        except pydantic.ValidationError as error:
            details = error.errors(include_url=False, include_context=False)
            raise RequestError(*twice, *self._problems.of_values(details)) from None
        if twice:
            raise RequestError(*twice)
        return value

    def _keys_given_twice(self, keys: Keys, body: bytes) -> list[Problem]:
        """Raises RequestError for a body with more surplus keys than a refusal lists."""
        surplus = list(islice(surplus_keys(body.decode(errors="replace"), keys), MAX_PROBLEMS + 1))
        if len(surplus) > MAX_PROBLEMS:
            raise RequestError(*self._problems.of_keys(surplus))
        return self._problems.of_keys([key for key in surplus if key.twice])


def _parsed(body: bytes) -> Any:
    try:
        return parsed(body)
    except ValueError as error:
        raise RequestError(Problem("body", f"is not JSON ({error})", "Send one JSON object", "json")) from None
