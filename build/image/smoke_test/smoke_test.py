"""Seal an image: start what will be tagged, ask it, and let it pass when every answer is right."""

import contextlib
from dataclasses import dataclass
from typing import Literal

from build.image.smoke_test import SmokeTestError, process
from build.image.smoke_test import container as engine
from build.image.smoke_test.test_cases import problems, questions
from build.oci.store import PushedImage
from model.bundle.bundle import Bundle

Way = Literal["auto", "engine", "process"]
WAYS: tuple[Way, ...] = ("auto", "engine", "process")
SECONDS = 90  # until the server listens
TOLD = 20


@dataclass(frozen=True)
class Seal:
    """Which way the image was proven, and how many answers were right.

    "none" is an image without a server; "earlier" one whose tag was there already, which a seal had gone before.
    """

    way: Literal["engine", "process", "none", "earlier"]
    answers: int = 0

    @property
    def says(self) -> str:
        where = {"engine": "the container", "process": "the server from the image's layers"}.get(self.way)
        return f"{where} gave {self.answers} right answers" if where else "none, this image cannot start by itself"


UNSEALED, EARLIER = Seal("none"), Seal("earlier")


def seal(staged: PushedImage, bundle: Bundle, *, way: Way) -> Seal:
    """Raises SmokeTestError with every wrong answer, the first differing row first."""
    asked = questions(bundle)
    client = engine.engine() if way != "process" else None
    if client is not None:
        with contextlib.closing(client):
            given = engine.answers(client, staged, asked, seconds=SECONDS)
    elif way == "engine":
        raise engine.absent()
    else:
        given = process.answers(staged.image, asked, seconds=SECONDS)
    found = list(problems(asked, given))
    if found:
        raise SmokeTestError(*found[:TOLD])
    return Seal("engine" if client is not None else "process", len(given))
