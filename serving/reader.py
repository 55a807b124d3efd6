"""Bodies into columns by name, or every reason why not."""

import difflib
import re
from collections.abc import Callable
from typing import Any

import orjson
import pydantic
from pydantic import BaseModel, TypeAdapter, create_model

from model.bundle import Manifest
from model.errors import Fault
from serving.refusal import RequestRefused, TooLarge
from serving.schema import STRICT, columns_type, field, row_type
from serving.scorer import Value

SHOWN = 60
MOST_FAULTS = 1000
NUMBER = {"float_type": "a number", "float_parsing": "a number", "finite_number": "a finite number"}


class Reader:
    """Built once per bundle. `row_schema` and `batch_schema` are the JSON Schemas of what it accepts."""

    def __init__(self, manifest: Manifest, *, max_rows: int) -> None:
        self._names = tuple((field(place), feature.name) for place, feature in enumerate(manifest.inputs))
        self._held = manifest.position
        self._max_rows = max_rows
        row, columns = row_type(manifest), columns_type(manifest)
        batch = create_model("Batch", __config__=STRICT, columns=(columns, ...))
        self._row: TypeAdapter[BaseModel] = TypeAdapter(row)
        self._batch: TypeAdapter[BaseModel] = TypeAdapter(batch)
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
        """Columns of one row. Raises RequestRefused with every fault."""
        given = self._validated(self._row.validate_json, body).__dict__
        return {name: [given[field]] for field, name in self._names}

    def batch(self, body: bytes) -> dict[str, list[Value]]:
        """Columns of many rows. Raises RequestRefused with the first fault of every column, TooLarge."""
        given = self._validated(self._batch.validate_json, body).__dict__["columns"].__dict__
        columns = {name: given[field] for field, name in self._names}
        rows = len(columns[self._names[0][1]])
        longest = max(map(len, columns.values()))
        if longest > self._max_rows:
            way_out = f"Send at most {self._max_rows} rows in one request, or raise KAMADO_MAX_ROWS"
            raise TooLarge(Fault("columns", f"has {longest} rows", way_out, "rows"))
        uneven = [name for name, values in columns.items() if len(values) != rows]
        if uneven:
            raise RequestRefused(*(self._uneven(name, len(columns[name]), rows) for name in uneven))
        return columns

    def _uneven(self, name: str, length: int, rows: int) -> Fault:
        found = f"has {length} values, {self._names[0][1]} has {rows}"
        return Fault(f"columns.{name}", found, "Send one value per row in every column", "uneven")

    def _validated(self, validate: Callable[[bytes], BaseModel], body: bytes) -> BaseModel:
        try:
            return validate(body)
        except pydantic.ValidationError as error:
            found = error.errors(include_url=False, include_context=False)
            faults = [self._fault(dict(one)) for one in found[:MOST_FAULTS]]
            if len(found) > MOST_FAULTS:
                left_out = f"has {len(found) - MOST_FAULTS} more faults"
                faults.append(Fault("body", left_out, "Mend these first", "more"))
            raise RequestRefused(*faults) from None

    def _fault(self, error: dict[str, Any]) -> Fault:
        """Pydantic's finding in the words of the house."""
        kind, where, found = error["type"], _where(error["loc"]), _found(error["input"])
        if kind == "json_invalid":
            reason = str(error["msg"]).removeprefix("Invalid JSON: ")
            return Fault("body", f"is not JSON ({reason})", "Send one JSON object", "json")
        if kind == "missing":
            return Fault(where, "is missing", "Send it, as null when it is not known", "missing")
        if kind == "extra_forbidden":
            return Fault(where, "is no input of this model", self._instead(error["loc"]), "extra")
        if kind in NUMBER:
            return Fault(where, f"is {found}", f"Send {NUMBER[kind]}, or null when it is not known", "number")
        if kind == "string_type":
            return Fault(where, f"is {found}", "Send a text in quotes, or null when it is not known", "text")
        if kind == "too_short":
            return Fault(where, "holds no value", "Send at least one row", "empty")
        if kind == "list_type":
            return Fault(where, f"is {found}", "Send a list with one value per row", "list")
        return Fault(where, f"is {found}", "Send a JSON object with every input by name", "object")

    def _instead(self, location: tuple[str | int, ...]) -> str:
        name = str(location[-1])
        if self._held and name == self._held.feature:
            return f"Leave it out: every row is scored as if shown in place {self._held.constant}"
        known = [known for _, known in self._names]
        near = difflib.get_close_matches(name, known, 1, 0.6)
        return f"Did you mean {near[0]}?" if near else "Leave it out; /model lists the inputs"


def _where(location: tuple[str | int, ...]) -> str:
    """columns.rent[3], rent, or body."""
    parts = [f"[{part}]" if isinstance(part, int) else f".{part}" for part in location]
    return "".join(parts).removeprefix(".") or "body"


def _found(value: object) -> str:
    """As the caller wrote it, and short."""
    number = isinstance(value, int | float) and not isinstance(value, bool)
    text = str(value) if number else orjson.dumps(value, default=str, option=orjson.OPT_NON_STR_KEYS).decode()
    text = re.sub(r"\s+", " ", text)
    return text if len(text) <= SHOWN else f"{text[: SHOWN - 3]}..."
