"""The columns of the prediction log, of its lines and of its files: docs/prediction-log.md has this table."""

from typing import NamedTuple

from serving.prediction_log.parquet.column import DOUBLE, INT64, TEXT, TIME, Column


class Described(NamedTuple):
    """A column, and what it is."""

    column: Column
    description: str


TABLE = (
    Described(Column("time", TIME), "when the row was scored, UTC, to the millisecond"),
    Described(Column("request", TEXT), "id of the request: the caller's, else the server's own, as in `X-Request-Id`"),
    Described(Column("row", INT64), "number of the row in its request, from 0"),
    Described(Column("list", TEXT, is_optional=True), "id of the list page, as the caller says"),
    Described(Column("item", TEXT, is_optional=True), "id of the item, as the caller says"),
    Described(Column("position", INT64, is_optional=True), "where the item stood in the list, as the caller says"),
    Described(Column("probability", DOUBLE), "the answer"),
    Described(Column("model", TEXT), "name of the model"),
    Described(Column("digest", TEXT), "digest of its bundle"),
)
COLUMNS = tuple(described.column for described in TABLE)
