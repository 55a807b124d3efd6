"""The end of a run: its outcome with the reasons, and whether it is red."""

import os
from collections.abc import Sequence
from pathlib import Path
from typing import ClassVar

from artifacts.refusal import Refusal
from artifacts.run_result import GREEN
from artifacts.verdict import Verdict
from model.errors import KamadoError, Problem

TERMINATION_LOG = Path("/dev/termination-log")  # of a pod: what Kubernetes shows as the reason of its end
MOST_BYTES = 4096  # that Kubernetes reads of it


class NotPromoted(KamadoError):
    """Ends the run red."""

    heading: ClassVar[str] = "no image was built"
    final: ClassVar[bool] = False


def conclude(outcome: str, evaluation: Path, image: Path, *, termination_log: Path = TERMINATION_LOG) -> None:
    """Print the outcome and why. `image` is the folder of build_image.

    Raises NotPromoted for any other outcome than `promote`, `hold` and `insufficient-data`.
    """
    if outcome not in GREEN:
        error = NotPromoted(*_problems(outcome, evaluation, image))
        _write(termination_log, str(error))
        raise error
    lines = [f"{reason.rule}: {reason.message}" for reason in Verdict.read(evaluation).failed]
    text = "an image was built" if outcome == "promote" else f"no image was built: {outcome}"
    print("\n  ".join([text, *lines]))
    _write(termination_log, "\n".join([text, *lines]))


def _problems(outcome: str, evaluation: Path, image: Path) -> Sequence[Problem]:
    if outcome == "refused":
        return Refusal.read(image).as_problems()
    code = f"verdict-{outcome}"
    reasons = Verdict.read(evaluation).failed
    return [Problem(reason.rule, reason.message, "The report shows it", code) for reason in reasons]


def _write(log: Path, text: str) -> None:
    if log.is_file() and os.access(log, os.W_OK):
        log.write_bytes(text.encode()[:MOST_BYTES])
