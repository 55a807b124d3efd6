"""Why a request gets no score, told as JSON.

model.errors.Refused
└── RequestError      422: the body is not what this model asks for
    ├── TooLarge        413: more bytes or rows than KAMADO_MAX_BYTES, KAMADO_MAX_ROWS
    ├── TooSlow         408: head or body did not arrive
    ├── CallerGone      499: the caller hung up before the body was there
    ├── HeadTooLarge    431: more bytes of headers than protocol.py takes
    ├── Broken          500: an error of the server's own; its log has more
    ├── NoProbability   500: the model gives no finite probability for a row
    └── Busy            503: more requests than KAMADO_CONCURRENCY; ask again
"""

from collections.abc import Sequence
from dataclasses import asdict
from typing import ClassVar

import orjson
from fastapi import Response
from pydantic import BaseModel, Field

from model.errors import KamadoError, Problem

MOST_ROWS = 10  # that a refusal lists


class RequestError(KamadoError):
    """Nothing was scored; `status` is the HTTP status of the answer."""

    heading = "the request was refused"
    status: ClassVar[int] = 422


class TooLarge(RequestError):
    heading = "the request is too large"
    status = 413


class TooSlow(RequestError):
    heading = "the request did not arrive in time"
    status = 408


class CallerGone(RequestError):
    """Counted as web servers count it; nobody is there any more to read the answer."""

    heading = "the caller is gone"
    status = 499


class HeadTooLarge(RequestError):
    heading = "the request's head is too large"
    status = 431


class NoProbability(RequestError):
    heading = "the model gives no probability"
    status = 500


class Broken(RequestError):
    heading = "the server failed"
    status = 500


class Busy(RequestError):
    heading = "the server is at its limit"
    status = 503


class ProblemBody(BaseModel):
    """One thing that is wrong."""

    where: str = Field(description="the input, and the row of a batch in brackets, from 0")
    found: str = Field(description="what was found there")
    hint: str = Field(description="what to send instead")
    code: str = Field(description="stable, for programs")


class ErrorBody(BaseModel):
    """The answer to a request that was not scored. The first problems are listed."""

    error: str
    problems: list[ProblemBody]


def body_of(refusal: KamadoError) -> bytes:
    return orjson.dumps({"error": refusal.heading, "problems": [asdict(problem) for problem in refusal.problems]})


def answer_of(refusal: RequestError) -> Response:
    return Response(body_of(refusal), refusal.status, media_type="application/json")


def no_probability(rows: Sequence[int]) -> NoProbability:
    """For these rows, from 0."""
    listed = ", ".join(map(str, rows[:MOST_ROWS])) + (" and others" if len(rows) > MOST_ROWS else "")
    hint = "Nothing of this request was scored. The model is damaged: go back to an earlier release"
    return NoProbability(Problem("probability", f"is not a finite number for row {listed}", hint, "not-finite"))


def too_slow(part: str, seconds: float) -> TooSlow:
    """`part` of a request did not arrive."""
    found = f"was not complete after {seconds:g} seconds"
    return TooSlow(Problem(part, found, "Send it in one go, or raise KAMADO_SECONDS", "slow"))


def gone() -> CallerGone:
    return CallerGone(Problem("body", "was not complete when the caller hung up", "Send it again", "gone"))


def broken() -> Broken:
    return Broken(
        Problem("server", "failed while it worked on this request", "Its log says why; report it", "internal")
    )


def busy(limit: int) -> Busy:
    return Busy(
        Problem("server", f"is working on {limit} requests already", "Ask again after Retry-After seconds", "busy")
    )
