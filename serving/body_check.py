"""What is wrong with a body, precisely: its keys, its JSON, its types, its lengths.

Nearly every body is read without it (parse.py). It looks at those that are not plainly right, and lets the few pass
that are: texts that look like keys.
"""

from dataclasses import dataclass
from itertools import islice

import pydantic
from pydantic import BaseModel, JsonValue, TypeAdapter

from model.bundle.manifest import BundleManifest
from model.errors import Problem
from serving.body_problems import MAX_PROBLEMS, BodyProblems
from serving.errors import RequestError, TooLarge
from serving.json_body import MAX_REPARSED_BYTES, parse_json
from serving.keys import Keys, may_have_more, surplus_keys
from serving.log_keys import LogKeys
from serving.types import columns_batch_type, row_type, rows_batch_type

MISSING = ("columns", "missing")  # where and code of a batch without rows
NO_ROWS = Problem("columns", "is missing", "Send a list for every input in it, or `rows`: a list of objects", "missing")
BATCH_KEYS = frozenset(("columns", "rows", "log"))


@dataclass(frozen=True)
class BodyType:
    """What one route accepts."""

    type: TypeAdapter[BaseModel]
    keys: Keys


def most_keys(manifest: BundleManifest, max_rows: int) -> int:
    """How many keys a batch may have: as rows, and with `log`."""
    return len(BATCH_KEYS) + len(LogKeys.model_fields) + max_rows * len(manifest.inputs)


class BodyCheck:
    """Built once per bundle. Each method returns the parsed body, or raises RequestError with the first problems."""

    def __init__(self, manifest: BundleManifest, *, max_rows: int) -> None:
        self._names = [feature.name for feature in manifest.inputs]
        self._max_rows = max_rows
        self._problems = BodyProblems(manifest)
        inputs = Keys(frozenset(self._names))
        log = Keys(frozenset(field.alias or name for name, field in LogKeys.model_fields.items()))
        batch = Keys(BATCH_KEYS, {"columns": inputs, "rows": inputs, "log": log})
        self._most_keys = most_keys(manifest, max_rows)
        self._row = BodyType(TypeAdapter(row_type(manifest)), inputs)
        self._columns = BodyType(TypeAdapter(columns_batch_type(manifest)), batch)
        self._rows = BodyType(TypeAdapter(rows_batch_type(manifest)), batch)

    def row(self, body: bytes) -> JsonValue:
        """An object with every input."""
        keys = self._row.keys
        surplus = self._duplicate_keys(keys, body) if may_have_more(body, len(keys.names)) else []
        value = _parse(body)
        self._refuse(self._row, value, surplus)
        return value

    def batch(self, body: bytes) -> JsonValue:
        """Columns or rows. Problems of values are the first of each column, or those of the first wrong row."""
        is_long = may_have_more(body, self._most_keys)
        surplus = self._duplicate_keys(self._columns.keys, body) if is_long else []
        value = _parse(body)
        if isinstance(value, dict) and {"rows", "columns"} <= value.keys():
            hint = "Send the rows in one of the two forms"
            raise RequestError(Problem("rows", "is beside `columns`", hint, "extra"))
        has_rows = isinstance(value, dict) and "rows" in value and "columns" not in value
        body_type = self._rows if has_rows else self._columns
        if not is_long and may_have_more(body, body_type.keys.count_in(value)):
            surplus = self._duplicate_keys(body_type.keys, body)
        self._refuse(body_type, value, surplus)
        assert isinstance(value, dict)  # by its type
        rows = self._check_rows(value["rows"]) if has_rows else self._check_columns(value["columns"])
        if value.get("log") is not None:
            self._check_log(LogKeys.model_validate(value["log"]), rows)
        return value

    def _check_rows(self, rows: JsonValue) -> int:
        assert isinstance(rows, list)  # by its type
        self._refuse_too_many("rows", len(rows))
        return len(rows)

    def _check_columns(self, columns: JsonValue) -> int:
        assert isinstance(columns, dict)  # by its type
        lengths = {name: len(values) for name in self._names if isinstance(values := columns[name], list)}
        rows = lengths[self._names[0]]
        self._refuse_too_many("columns", max(lengths.values()))
        uneven = [self._uneven(f"columns.{name}", length, rows) for name, length in lengths.items() if length != rows]
        if uneven:
            raise RequestError(*uneven)
        return rows

    def _check_log(self, log: LogKeys, rows: int) -> None:
        uneven = [
            Problem(f"log.{name}", f"has {length} values for {rows} rows", "Send one value per row", "uneven")
            for name, length in log.uneven(rows).items()
        ]
        if uneven:
            raise RequestError(*uneven)

    def _uneven(self, where: str, length: int, rows: int) -> Problem:
        problem = f"has {length} values, {self._names[0]} has {rows}"
        return Problem(where, problem, "Send one value per row in every column", "uneven")

    def _refuse_too_many(self, where: str, rows: int) -> None:
        if rows > self._max_rows:
            hint = f"Send at most {self._max_rows} rows in one request, or raise KAMADO_MAX_ROWS"
            raise TooLarge(Problem(where, f"has {rows} rows", hint, "rows"))

    def _refuse(self, body_type: BodyType, value: JsonValue, surplus: list[Problem]) -> None:
        """Raises RequestError for duplicate keys, and for whatever the types refuse."""
        try:
            body_type.type.validate_python(value)
        except pydantic.ValidationError as error:
            details = error.errors(include_url=False, include_context=False)
            problems = self._problems.of_values(details)
            if body_type is not self._row:
                problems = [NO_ROWS if (problem.where, problem.code) == MISSING else problem for problem in problems]
            raise RequestError(*surplus, *problems) from None
        if surplus:
            raise RequestError(*surplus)

    def _duplicate_keys(self, keys: Keys, body: bytes) -> list[Problem]:
        """Raises RequestError for a body with more surplus keys than an answer lists, before it is parsed."""
        surplus = list(islice(surplus_keys(body.decode(errors="replace"), keys), MAX_PROBLEMS + 1))
        is_large = len(body) > MAX_REPARSED_BYTES  # and what is nested may have any number of keys
        if len(surplus) > MAX_PROBLEMS or (is_large and any(key.is_nested for key in surplus)):
            raise RequestError(*self._problems.of_keys([key for key in surplus if not key.is_nested] or surplus))
        return self._problems.of_keys([key for key in surplus if key.is_duplicate])


def _parse(body: bytes) -> JsonValue:
    try:
        return parse_json(body)
    except ValueError as error:
        raise RequestError(Problem("body", f"is not JSON ({error})", "Send one JSON object", "json")) from None
