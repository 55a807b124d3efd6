"""What the scoring routes do: read, score, count, answer."""

import math
from collections.abc import Callable
from functools import partial
from time import perf_counter
from typing import NamedTuple

import numpy as np
import orjson
from numpy.typing import NDArray

from model.errors import Problem
from serving.bulk import INLINE_BYTES
from serving.errors import RequestError, no_probability
from serving.exchange import Reply, Request
from serving.log_keys import LogKeys, keys_of_headers
from serving.metrics import Phases
from serving.parse import RequestParser
from serving.runtime import Runtime
from serving.score import Predictions, Scorer
from serving.types import Flags

NO_ROW_FLAGS = orjson.dumps(dict.fromkeys(Flags.model_fields, ()))


class Answered(NamedTuple):
    """A reply with scores, and what is counted of it."""

    reply: Reply
    scores: Predictions
    phases: Phases
    keys: LogKeys | None = None  # of a batch, for the prediction log


class Handlers:
    """The scoring routes of one model."""

    def __init__(self, scorer: Scorer, parser: RequestParser, runtime: Runtime) -> None:
        self._scorer = scorer
        self._parser = parser
        self._metrics = runtime.metrics
        self._bulk = runtime.bulk
        self._log = runtime.prediction_log
        identity = {"model": scorer.predictor.manifest.model, "digest": scorer.predictor.digest}
        self._identity = orjson.dumps(identity)[:-1]  # the begin of every answer

    async def predict(self, request: Request) -> Reply:
        """Every input by name; null where it is not known."""
        return self.count("/predict", request, await self.in_thread(self._row, request))

    async def predict_batch(self, request: Request) -> Reply:
        """A list for every input by name, all of one length; null where a value is not known."""
        return self.count("/predict:batch", request, await self.in_thread(self._batch, request))

    async def in_thread(self, answer: Callable[[Request, float], Answered], request: Request) -> Answered:
        """Whatever a large body costs, from its bytes to those of the answer, is done beside the event loop.

        Probes and short requests do not wait for it. `answer` gets the time at which the body was complete.
        """
        arrived = perf_counter()
        if len(request.body) <= INLINE_BYTES:
            return answer(request, arrived)
        return await self._bulk.run(partial(answer, request, arrived))

    def _row(self, request: Request, arrived: float) -> Answered:
        begun = perf_counter()
        numbers = self._parser.row(request.body)
        validated = perf_counter()
        scores = self._scorer.score(numbers)
        probability = float(scores.probability[0])
        if not math.isfinite(probability):
            raise no_probability([0])
        explanation = self._explanation(numbers) if wants_explanation(request) else b""
        scored = perf_counter()
        body = self._json(orjson.dumps(probability), _flags_of_row(scores), explanation)
        phases = Phases(begun - arrived, validated - begun, scored - validated, perf_counter() - scored)
        return Answered(Reply(body), scores, phases)

    def _batch(self, request: Request, arrived: float) -> Answered:
        begun = perf_counter()
        batch = self._parser.batch(request.body)
        validated = perf_counter()
        scores = self._scorer.score(batch.numbers)
        refuse_without_probability(scores)
        scored = perf_counter()
        probabilities = orjson.dumps(scores.probability, option=orjson.OPT_SERIALIZE_NUMPY)
        body = self._json(probabilities, _flags_of_rows(scores))
        phases = Phases(begun - arrived, validated - begun, scored - validated, perf_counter() - scored)
        return Answered(Reply(body), scores, phases, batch.log)

    def count(self, route: str, request: Request, answered: Answered) -> Reply:
        """Metrics and logs, on the event loop: they have no lock."""
        if self._log is not None:
            probability = answered.scores.probability
            keys = keys_of_headers(request, rows=len(probability))
            if answered.keys is not None:
                keys = answered.keys.or_else(keys)
            self._log.append(request.id, probability, keys)
        self._metrics.count_scores(answered.scores)
        self._metrics.observe(route, answered.phases)
        request.took(answered.phases)
        return answered.reply

    def _explanation(self, numbers: NDArray[np.float64]) -> bytes:
        """The further keys of an answer."""
        parts = self._scorer.explain(numbers)
        sums = {"margin": parts.margin, "base": parts.base, "rounding": parts.rounding}
        return b"," + orjson.dumps({**sums, "contributions": parts.by_feature})[1:-1]

    def _json(self, probability: bytes, flags: bytes, explanation: bytes = b"") -> bytes:
        return b"".join((self._identity, b',"probability":', probability, b',"flags":', flags, explanation, b"}"))


def wants_explanation(request: Request) -> bool:
    """Raises RequestError for another value of `explain` than 0 and 1."""
    value = request.query.get("explain", "0")
    if value not in ("0", "1"):
        raise RequestError(Problem("explain", f"is {value!r:.60}", "Send explain=1, or leave it out", "query"))
    return value == "1"


def _flags_of_row(scores: Predictions) -> bytes:
    """For one row each flag is a list of names."""
    if not (scores.unknown_categories or scores.outside_range or scores.outside_bounds):
        return NO_ROW_FLAGS
    return orjson.dumps({flag: [*getattr(scores, flag)] for flag in Flags.model_fields})


def _flags_of_rows(scores: Predictions) -> bytes:
    return orjson.dumps({flag: getattr(scores, flag) for flag in Flags.model_fields})


def refuse_without_probability(scores: Predictions) -> None:
    """Raises NoProbability: JSON would have null for a number that is not finite, which reads like a low one."""
    if not np.isfinite(scores.probability).all():
        raise no_probability([int(row) for row in np.flatnonzero(~np.isfinite(scores.probability))])
