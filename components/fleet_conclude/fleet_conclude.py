"""The end of a run with several models."""

from collections.abc import Sequence
from typing import ClassVar

from artifacts.run_result import RunResult
from model.errors import KamadoError, Problem

HINT = "Read the summary of its own step build_image"


class NotAllPromoted(KamadoError):
    """Ends the run red, once every model has come to its end."""

    heading: ClassVar[str] = "not every model came to a good end"
    final: ClassVar[bool] = False


def fleet_conclude(results: Sequence[RunResult]) -> None:
    """Print every outcome. Raises NotAllPromoted for any other than `promote`, `hold` and `insufficient-data`."""
    for result in results:
        print(f"{result.model}: {result.outcome}, {result.reason}")
    red = [result for result in results if not result.green]
    if red:
        raise NotAllPromoted(*(Problem(r.model, f"{r.outcome}: {r.reason}", HINT, "model-not-promoted") for r in red))
