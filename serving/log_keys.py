"""What a caller may say of a request for the prediction log: its ids, and where its rows stand in a list."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from serving.exchange import Request

MAX_DIGITS = 18  # of a position
MAX_ID = 256  # characters: many rows wait for a log that is slow
Id = Annotated[str, Field(max_length=MAX_ID)]


class LogKeys(BaseModel):
    """Names what was scored, for the prediction log. Nothing of it is an input of the model."""

    model_config = ConfigDict(extra="forbid", strict=True)

    request: Id | None = Field(None, description="id of the request")
    list_id: Id | None = Field(None, alias="list", description="id of the list page")
    items: list[Id] | None = Field(None, description="ids of the items, one per row")
    positions: list[int] | None = Field(None, description="displayed places in the list, from 1, one per row")

    def uneven(self, rows: int) -> dict[str, int]:
        """Name -> length, of the lists that do not have one value per row."""
        lists = {"items": self.items, "positions": self.positions}
        return {name: len(values) for name, values in lists.items() if values is not None and len(values) != rows}

    def or_else(self, others: "LogKeys") -> "LogKeys":
        """These, and the others' for what is not known here."""
        own = {name: getattr(self, name) for name in LogKeys.model_fields}
        return others.model_copy(update={name: value for name, value in own.items() if value is not None})


NO_KEYS = LogKeys()


def keys_of_headers(request: Request, *, rows: int) -> LogKeys:
    """Item and position only for a request of one row. What a batch could not say is left out."""
    headers = request.headers_from(b"kamado-")
    if not headers:
        return NO_KEYS
    decoded = {name: value.decode(errors="replace") for name, value in headers}
    texts = {name: text for name, text in decoded.items() if len(text) <= MAX_ID}
    item, position = texts.get(b"kamado-item"), texts.get(b"kamado-position", "")
    is_position = position.isascii() and position.isdecimal() and len(position) <= MAX_DIGITS
    return LogKeys.model_construct(
        list_id=texts.get(b"kamado-list"),
        items=[item] if item is not None and rows == 1 else None,
        positions=[int(position)] if is_position and rows == 1 else None,
    )
