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
        refusal = Refusal.read(image) if outcome == "refused" else None
        error = NotPromoted(*(refusal.as_problems() if refusal else _failed_rules(outcome, evaluation)))
        print(refusal or f"no image was built: {outcome}")
        _write(termination_log, str(refusal or error))
        raise error
    lines = [f"{reason.rule}: {reason.message}" for reason in Verdict.read(evaluation).failed]
    text = "an image was built" if outcome == "promote" else f"no image was built: {outcome}"
    print("\n  ".join([text, *lines]))
    _write(termination_log, "\n".join([text, *lines]))


def _failed_rules(outcome: str, evaluation: Path) -> Sequence[Problem]:
    code = f"verdict-{outcome}"
    reasons = Verdict.read(evaluation).failed
    return [Problem(reason.rule, reason.message, "The report shows it", code) for reason in reasons]


def _write(log: Path, text: str) -> None:
    if log.is_file() and os.access(log, os.W_OK):
        log.write_bytes(text.encode()[:MOST_BYTES])
