"""Requests that get no score, and their JSON answers.

model.errors.KamadoError
└── RequestError          422: the body does not match this model's inputs
    ├── TooLarge            413: more bytes or rows than KAMADO_MAX_BYTES, KAMADO_MAX_ROWS
    ├── WrongType           415: the body is not declared as JSON
    ├── RequestTimeout      408: head or body did not arrive
    ├── CallerGone          499: the caller disconnected before the body was complete
    ├── HeadTooLarge        431: more bytes of headers than protocol.py accepts
    ├── ServerFailed        500: a defect of the server; its log has the traceback
    ├── NoProbability       500: the model gives no finite probability for a row
    ├── Overloaded          503: more requests than KAMADO_CONCURRENCY, or too many large ones; retry later
    └── Stopping            503: the answer of the readiness probe after SIGTERM
"""

from collections.abc import Sequence
from dataclasses import asdict
from typing import ClassVar

import orjson
from pydantic import BaseModel, Field

from model.errors import KamadoError, Problem

MAX_LISTED_ROWS = 10
MAX_TYPE_SHOWN = 60


class RequestError(KamadoError):
    """Nothing was scored; `status` is the HTTP status of the answer."""

    heading = "the request was refused"
    status: ClassVar[int] = 422
    headers: ClassVar[tuple[tuple[bytes, bytes], ...]] = ()  # of the answer, beside those of every answer

    @property
    def code(self) -> str:
        """That of the first problem: it is the reason under which the request is counted."""
        return self.problems[0].code


class TooLarge(RequestError):
    heading = "the request is too large"
    status = 413


class WrongType(RequestError):
    heading = "the request is of another type"
    status = 415


class RequestTimeout(RequestError):
    heading = "the request did not arrive in time"
    status = 408


class CallerGone(RequestError):
    """Counted with the status that web servers log for it; nothing can be sent to the caller any more."""

    heading = "the caller disconnected"
    status = 499


class HeadTooLarge(RequestError):
    heading = "the request's head is too large"
    status = 431


class NoProbability(RequestError):
    heading = "the model gives no probability"
    status = 500


class ServerFailed(RequestError):
    heading = "the server failed"
    status = 500


class Overloaded(RequestError):
    heading = "the server is at its limit"
    status = 503
    headers = ((b"retry-after", b"1"),)  # a second: an overload is shorter, or has no end


class Stopping(RequestError):
    heading = "the server is not ready"
    status = 503


class ProblemBody(BaseModel):
    """One problem of a request."""

    where: str = Field(description="the input, with the row of a batch in brackets, from 0")
    problem: str = Field(description="what is wrong with it")
    hint: str = Field(description="what to send instead")
    code: str = Field(description="stable, for programs")


class ErrorBody(BaseModel):
    """The answer to a request that was not scored. The first problems are listed."""

    error: str
    problems: list[ProblemBody]


def error_json(error: KamadoError) -> bytes:
    return orjson.dumps({"error": error.heading, "problems": [asdict(problem) for problem in error.problems]})


def no_probability(rows: Sequence[int]) -> NoProbability:
    """The error for these rows, numbered from 0."""
    listed = ", ".join(map(str, rows[:MAX_LISTED_ROWS])) + (" and others" if len(rows) > MAX_LISTED_ROWS else "")
    hint = "Nothing of this request was scored. The model is damaged: roll back to an earlier release"
    return NoProbability(Problem("probability", f"is not a finite number for row {listed}", hint, "not-finite"))


def request_timeout(part: str, seconds: float) -> RequestTimeout:
    """`part` is the head or the body."""
    problem = f"was not complete after {seconds:g} seconds"
    return RequestTimeout(Problem(part, problem, "Send it without pauses, or raise KAMADO_SECONDS", "slow"))


def wrong_type(content_type: bytes) -> WrongType:
    problem = f"has the content type {content_type[:MAX_TYPE_SHOWN].decode('latin-1')!r}"
    return WrongType(Problem("body", problem, "Send JSON, and Content-Type: application/json", "content-type"))


def caller_gone() -> CallerGone:
    return CallerGone(Problem("body", "was not complete when the caller disconnected", "Send it again", "gone"))


def server_failed() -> ServerFailed:
    problem = "failed while it handled this request"
    return ServerFailed(Problem("server", problem, "Its log has the reason; please report it", "internal"))


def overloaded(limit: int, what: str = "requests") -> Overloaded:
    problem = f"is handling {limit} {what} already"
    return Overloaded(Problem("server", problem, "Retry after the seconds in Retry-After", "busy"))


def stopping() -> Stopping:
    hint = "Send requests to another server: this one finishes those in progress"
    return Stopping(Problem("server", "is stopping", hint, "stopping"))


def head_too_large(maximum: int) -> HeadTooLarge:
    return HeadTooLarge(
        Problem("head", f"has more than {maximum} bytes", "Send fewer and shorter headers", "head-bytes")
    )


def framing_too_large(maximum: int) -> HeadTooLarge:
    problem = f"has more than {maximum} bytes around its chunks"
    return HeadTooLarge(Problem("body", problem, "Send it without chunk extensions and trailers", "head-bytes"))


def too_many_pipelined(maximum: int) -> Overloaded:
    problem = f"has {maximum} requests that wait for their answers"
    return Overloaded(Problem("connection", problem, "Read the answers first", "busy"))
