"""What a caller may say of a request for the prediction log: its ids, and where its rows stand in a list."""

from pydantic import BaseModel, ConfigDict, Field

from serving.exchange import Request

MAX_DIGITS = 18  # of a position


class LogKeys(BaseModel):
    """Names what was scored, for the prediction log. Nothing of it is an input of the model."""

    model_config = ConfigDict(extra="forbid", strict=True)

    request: str | None = Field(None, description="id of the request")
    list_id: str | None = Field(None, alias="list", description="id of the list page")
    items: list[str] | None = Field(None, description="ids of the items, one per row")
    positions: list[int] | None = Field(None, description="displayed places in the list, from 1, one per row")

    def uneven(self, rows: int) -> dict[str, int]:
        """Name -> length, of the lists that do not have one value per row."""
        lists = {"items": self.items, "positions": self.positions}
        return {name: len(values) for name, values in lists.items() if values is not None and len(values) != rows}


def keys_of_headers(request: Request, *, rows: int) -> LogKeys:
    """Item and position only for a request of one row. A position that is not a whole number is left out."""
    if rows != 1:
        return LogKeys.model_construct(list_id=_text(request, b"kamado-list"))
    item, position = _text(request, b"kamado-item"), request.header(b"kamado-position")
    is_position = position is not None and position.isascii() and position.isdecimal() and len(position) <= MAX_DIGITS
    return LogKeys.model_construct(
        list_id=_text(request, b"kamado-list"),
        items=None if item is None else [item],
        positions=[int(position)] if position is not None and is_position else None,
    )


def _text(request: Request, name: bytes) -> str | None:
    """A header as UTF-8."""
    value = request.header(name)
    return None if value is None else value.encode("latin-1").decode(errors="replace")
