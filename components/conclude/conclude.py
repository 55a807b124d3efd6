"""The end of a run that builds no image."""

from pathlib import Path

from artifacts.verdict import Verdict
from model.errors import KamadoError, Problem

GREEN = ("hold", "insufficient-data")  # outcomes with which a run succeeds although it builds no image


class NotPromoted(KamadoError):
    heading = "no image was built"


def conclude(evaluation: Path, outcome: str) -> None:
    """Print why. Raises NotPromoted unless the outcome is `hold` or `insufficient-data`."""
    failed = Verdict.read(evaluation).failed
    if outcome not in GREEN:
        hint, code = "The report shows it", f"verdict-{outcome}"
        raise NotPromoted(*(Problem(reason.rule, reason.message, hint, code) for reason in failed))
    print(f"no image was built: {outcome}")
    for reason in failed:
        print(f"  {reason.rule}: {reason.message}")
