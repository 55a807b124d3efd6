"""The prediction log as lines of JSON on standard output."""

from collections.abc import Sequence

import orjson

from serving.prediction_log.columns import COLUMNS
from serving.prediction_log.scored_request import Row, ScoredRequest
from serving.stdout import utc, write_stdout


class JsonLines:
    """A line for each row, with `"log": "prediction"`, which tells it from the lines of the server's own log."""

    def __init__(self, model: str, digest: str) -> None:
        self.lost = 0
        self._model = (model, digest)

    def write(self, requests: Sequence[ScoredRequest]) -> None:
        lines = [self._line(row) for request in requests for row in request.rows()]
        if lines and not write_stdout(b"".join(lines)):
            self.lost += len(lines)

    def close(self) -> None:
        """Every line was written at once."""

    def _line(self, row: Row) -> bytes:
        values = dict(zip((column.name for column in COLUMNS), (*row, *self._model), strict=True))
        return orjson.dumps({"log": "prediction", **values, "time": utc(row[0] / 1000)}) + b"\n"
