"""What the protocol's infer route does: read, score, count, answer."""

from time import perf_counter

from serving.exchange import Reply, Request
from serving.handlers import Answered, Handlers, refuse_without_probability
from serving.metrics import Phases
from serving.oip.binary import HEADER
from serving.oip.outputs import infer_reply
from serving.oip.request import InferenceReader
from serving.score import Scorer


class InferenceHandler:
    """Scores as /predict:batch does: the same scorer, thread for large bodies, and counts."""

    def __init__(self, handlers: Handlers, scorer: Scorer, reader: InferenceReader, route: str) -> None:
        self._handlers = handlers
        self._scorer = scorer
        self._reader = reader
        self._route = route
        self._identity = {"model_name": scorer.predictor.manifest.model, "model_version": scorer.predictor.digest}

    async def infer(self, request: Request) -> Reply:
        """One tensor for each input, all of one length."""
        return self._handlers.count(self._route, request, await self._handlers.in_thread(self._infer, request))

    def _infer(self, request: Request, arrived: float) -> Answered:
        begun = perf_counter()
        inference = self._reader.read(request.body, request.header(HEADER.encode()))
        validated = perf_counter()
        scores = self._scorer.score(inference.numbers)
        refuse_without_probability(scores)
        scored = perf_counter()
        reply = infer_reply(self._identity, inference.id, inference.outputs, scores)
        phases = Phases(begun - arrived, validated - begun, scored - validated, perf_counter() - scored)
        return Answered(reply, scores, phases)
