"""What the scoring routes do: read, score, count, answer."""

import asyncio
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import orjson
from fastapi import Request, Response

from serving.concurrency_limit import read_body
from serving.errors import RequestError, answer_of, broken, no_probability
from serving.metrics import Counts
from serving.request_parser import Reader
from serving.scorer import Columns, Scorer, Scores
from serving.settings import Limits

INLINE_ROWS = 64  # scoring fewer takes less than handing them to a thread and waiting for the answer


class Service:
    """One model behind two routes."""

    def __init__(self, scorer: Scorer, reader: Reader, limits: Limits, counts: Counts) -> None:
        self._scorer = scorer
        self._reader = reader
        self._counts = counts
        self._limits = limits
        self._name = {"model": scorer.predictor.manifest.model, "digest": scorer.predictor.digest}
        self._bulk = ThreadPoolExecutor(1, "bulk")

    async def predict(self, request: Request) -> Response:
        """Every input by name; null where it is not known."""
        columns = self._reader.row(await read_body(request, self._limits))
        scores = self._scorer.score(columns)
        refuse_without_probability(scores)
        self._count(scores)
        marks = {"unknown_categories": [*scores.unknown_categories], "outside_bounds": [*scores.outside_bounds]}
        return self._answer(float(scores.probability[0]), marks)

    async def predict_batch(self, request: Request) -> Response:
        """A list for every input by name, all of one length; null where a value is not known."""
        columns = self._reader.batch(await read_body(request, self._limits))
        scores = await self._score(columns)
        refuse_without_probability(scores)
        self._count(scores)
        marks = {"unknown_categories": scores.unknown_categories, "outside_bounds": scores.outside_bounds}
        return self._answer(scores.probability, marks)

    async def refuse(self, _: Request, refusal: Exception) -> Response:
        """FastAPI's handler of RequestError."""
        assert isinstance(refusal, RequestError)  # registered for nothing else
        self._counts.refused[str(refusal.status)] += 1
        return answer_of(refusal)

    async def fail(self, request: Request, _: Exception) -> Response:
        """FastAPI's handler of what nobody foresaw; uvicorn logs it."""
        return await self.refuse(request, broken())

    async def _score(self, columns: Columns) -> Scores:
        """Many rows are scored beside the event loop, so that probes and short requests are not kept waiting."""
        if len(next(iter(columns.values()))) <= INLINE_ROWS:
            return self._scorer.score(columns)
        return await asyncio.get_running_loop().run_in_executor(self._bulk, self._scorer.score, columns)

    def _count(self, scores: Scores) -> None:
        self._counts.rows += len(scores.probability)
        self._counts.unknown.update({name: len(rows) for name, rows in scores.unknown_categories.items()})
        self._counts.outside.update({name: len(rows) for name, rows in scores.outside_bounds.items()})

    def _answer(self, probability: Any, marks: dict[str, Any]) -> Response:
        answer = {**self._name, "probability": probability, "marks": marks}
        return Response(orjson.dumps(answer, option=orjson.OPT_SERIALIZE_NUMPY), media_type="application/json")


def refuse_without_probability(scores: Scores) -> None:
    """Raises NoProbability: a number that is none would be written as null, and be read as a low one."""
    if not np.isfinite(scores.probability).all():
        raise no_probability([int(row) for row in np.flatnonzero(~np.isfinite(scores.probability))])
