"""The end of a run that builds no image."""

from pathlib import Path

from model.errors import KamadoError, Problem
from model.files import read_json

WITHOUT_BLAME = ("hold", "insufficient-data")


class NotPromoted(KamadoError):
    heading = "no image was built"


def conclude(evaluation: Path, verdict: str) -> None:
    """Print why. Raises NotPromoted unless the verdict is `hold` or `insufficient-data`."""
    reasons = read_json(evaluation / "verdict.json", made_by="evaluate")["reasons"]
    broken = [reason for reason in reasons if not reason["passed"]]
    if verdict not in WITHOUT_BLAME:
        raise NotPromoted(
            *(Problem(reason["rule"], reason["says"], "The report shows it", f"verdict-{verdict}") for reason in broken)
        )
    print(f"no image was built: {verdict}")
    for reason in broken:
        print(f"  {reason['rule']}: {reason['says']}")
