"""The day at which the window of a run ends, exclusive, as people write it."""

import re
from datetime import date, timedelta

from model.spec.values import FIRST_END

FORM = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
AHEAD = timedelta(days=1)  # the gate lets a model pass that ends two days ahead, and a run may last over midnight
EXAMPLE = "2026-07-01"
NO_DAY = f"is not a day since {FIRST_END.year}"  # follows the text


def end_day(text: str) -> date | None:
    """The day of a text like 2026-07-01; None of any other, and of one before FIRST_END."""
    try:
        day = date.fromisoformat(text) if FORM.fullmatch(text) else date.min
    except ValueError:
        return None
    return day if day >= FIRST_END else None
