"""Why a request gets no score, told as JSON.

model.errors.Refused
└── RequestRefused      422: the body is not what this model asks for
    ├── TooLarge        413: more bytes or rows than KAMADO_MAX_BYTES, KAMADO_MAX_ROWS
    ├── TooSlow         408: the body did not arrive
    └── Busy            503: more requests than KAMADO_CONCURRENCY; ask again
"""

from dataclasses import asdict
from typing import ClassVar

import orjson
from fastapi import Response
from pydantic import BaseModel, Field

from model.errors import Fault, Refused


class RequestRefused(Refused):
    """Nothing was scored; `status` is the HTTP status of the answer."""

    heading = "the request was refused"
    status: ClassVar[int] = 422


class TooLarge(RequestRefused):
    heading = "the request is too large"
    status = 413


class TooSlow(RequestRefused):
    heading = "the request did not arrive in time"
    status = 408


class Busy(RequestRefused):
    heading = "the server is at its limit"
    status = 503


class FaultTold(BaseModel):
    """One thing that is wrong."""

    where: str = Field(description="the input, and the row of a batch in brackets, from 0")
    found: str = Field(description="what was found there")
    way_out: str = Field(description="what to send instead")
    code: str = Field(description="stable, for programs")


class RefusalTold(BaseModel):
    """The answer to a request that was not scored. Every fault is listed."""

    error: str
    faults: list[FaultTold]


def body_of(refusal: Refused) -> bytes:
    return orjson.dumps({"error": refusal.heading, "faults": [asdict(fault) for fault in refusal.faults]})


def answer_of(refusal: RequestRefused) -> Response:
    return Response(body_of(refusal), refusal.status, media_type="application/json")


def busy(limit: int) -> Busy:
    return Busy(
        Fault("server", f"is working on {limit} requests already", "Ask again after Retry-After seconds", "busy")
    )
