"""Run the smoke test of an image that has no tag yet."""

import contextlib
from dataclasses import dataclass
from typing import Literal

from build.image.smoke_test import SmokeTestError, process
from build.image.smoke_test.test_cases import cases_of, problems_of
from build.oci.store import PushedImage
from model.bundle.bundle import Bundle

Way = Literal["auto", "engine", "process"]
SECONDS = 90  # until the server listens
MOST_PROBLEMS = 20  # of one refusal


@dataclass(frozen=True)
class SmokeTestResult:
    """Which way the test ran, and how many answers were right.

    "none" is an image without a server; "earlier" one whose tag existed already, because an earlier test passed.
    """

    way: Literal["engine", "process", "none", "earlier"]
    answers: int = 0

    @property
    def message(self) -> str:
        server = {"engine": "the container", "process": "the server from the image's layers"}.get(self.way)
        return f"{server} gave {self.answers} right answers" if server else "none, this image has no server to start"


NO_SERVER, EARLIER = SmokeTestResult("none"), SmokeTestResult("earlier")


def run_smoke_test(staged: PushedImage, bundle: Bundle, *, way: Way) -> SmokeTestResult:
    """Start the image and compare every answer. Raises SmokeTestError, the first row that differs first."""
    from build.image.smoke_test import container  # the client of engines takes longer to import than all else here

    cases = cases_of(bundle)
    client = container.engine() if way != "process" else None
    if client is not None:
        with contextlib.closing(client):
            answers = container.answers(client, staged, cases, seconds=SECONDS)
    elif way == "engine":
        raise container.engine_missing()
    else:
        answers = process.answers(staged.image, cases, seconds=SECONDS)
    problems = list(problems_of(cases, answers))
    if problems:
        raise SmokeTestError(*problems[:MOST_PROBLEMS])
    return SmokeTestResult("engine" if client is not None else "process", len(answers))
