"""Medians with their spread, as every bench prints them."""

import statistics
from collections.abc import Sequence


def spread(values: Sequence[float], unit: str = "", digits: int = 2) -> str:
    """Median, least and largest: `1.20 s (1.10 to 1.40)`."""
    median, least, largest = (f"{value:,.{digits}f}" for value in (statistics.median(values), min(values), max(values)))
    return f"{median}{unit} ({least} to {largest})"


def percentile(values: Sequence[float], share: float) -> float:
    """The smallest value that is not below `share` of all. NaN without values."""
    if not values:
        return float("nan")
    return sorted(values)[min(len(values) - 1, int(share * len(values)))]
