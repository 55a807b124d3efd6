"""What the scoring routes do: read, score, count, answer."""

import asyncio
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import orjson
from fastapi import Request, Response
from numpy.typing import NDArray

from serving.errors import RequestError, error_response, no_probability, server_failed
from serving.limit import read_body
from serving.metrics import ServerMetrics
from serving.parse import RequestParser
from serving.score import InputColumns, Predictions, Scorer
from serving.settings import ServerLimits

INLINE_ROWS = 64  # scoring fewer takes less time than handing them to a thread and waiting for the answer


class Handlers:
    """The scoring routes and the error handlers of one model."""

    def __init__(self, scorer: Scorer, parser: RequestParser, limits: ServerLimits, metrics: ServerMetrics) -> None:
        self._scorer = scorer
        self._parser = parser
        self._metrics = metrics
        self._limits = limits
        self._identity = {"model": scorer.predictor.manifest.model, "digest": scorer.predictor.digest}
        self._batch_thread = ThreadPoolExecutor(1, "batch")

    async def predict(self, request: Request) -> Response:
        """Every input by name; null where it is not known."""
        columns = self._parser.row(await read_body(request, self._limits))
        scores = self._scorer.score(columns)
        refuse_without_probability(scores)
        self._metrics.count_scores(scores)
        flags = {"unknown_categories": [*scores.unknown_categories], "outside_bounds": [*scores.outside_bounds]}
        return self._answer(float(scores.probability[0]), flags)

    async def predict_batch(self, request: Request) -> Response:
        """A list for every input by name, all of one length; null where a value is not known."""
        columns = self._parser.batch(await read_body(request, self._limits))
        scores = await self._score(columns)
        refuse_without_probability(scores)
        self._metrics.count_scores(scores)
        flags = {"unknown_categories": scores.unknown_categories, "outside_bounds": scores.outside_bounds}
        return self._answer(scores.probability, flags)

    async def refuse(self, _: Request, error: Exception) -> Response:
        """FastAPI's handler of RequestError."""
        assert isinstance(error, RequestError)  # registered for nothing else
        self._metrics.count_refusal(error.status, error.code)
        return error_response(error)

    async def fail(self, request: Request, _: Exception) -> Response:
        """FastAPI's handler of unexpected exceptions; uvicorn logs them."""
        return await self.refuse(request, server_failed())

    async def _score(self, columns: InputColumns) -> Predictions:
        """Many rows are scored in a thread, so that probes and short requests do not wait for them."""
        if len(next(iter(columns.values()))) <= INLINE_ROWS:
            return self._scorer.score(columns)
        return await asyncio.get_running_loop().run_in_executor(self._batch_thread, self._scorer.score, columns)

    def _answer(self, probability: float | NDArray[np.float64], flags: Mapping[str, object]) -> Response:
        answer = {**self._identity, "probability": probability, "flags": flags}
        return Response(orjson.dumps(answer, option=orjson.OPT_SERIALIZE_NUMPY), media_type="application/json")


def refuse_without_probability(scores: Predictions) -> None:
    """Raises NoProbability: JSON would have null for a number that is not finite, which reads like a low one."""
    if not np.isfinite(scores.probability).all():
        raise no_probability([int(row) for row in np.flatnonzero(~np.isfinite(scores.probability))])
