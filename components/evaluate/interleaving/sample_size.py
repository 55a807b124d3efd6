"""How many conversions and pages a comparison needs, interleaved and as an A/B split."""

from dataclasses import dataclass

import numpy as np
from scipy.stats import norm

from components.evaluate.interleaving.preference import POWER, Preference
from model.errors import DataError, Problem


@dataclass(frozen=True)
class SampleSize:
    """Conversions that are credited to a team, all conversions of the pages, and the pages."""

    credited: int
    conversions: int
    lists: int


def size_for_share(share: float, so_far: Preference, power: float = POWER) -> SampleSize:
    """To find a true share of B, with the variance, credit and conversions of the pages so far.

    Of a share of two outcomes against .5, times the design effect: Fleiss, "Statistical Methods for Rates and
    Proportions", 1981, formula 2.5 without its correction. Raises DataError for a share of .5 or outside of 0 to 1.
    """
    if not 0 < share < 1 or share == 0.5:
        hint = "Give a share of B between 0 and 1 other than .5, for example .53"
        raise DataError(Problem("share", f"{share} cannot be told from no preference", hint, "interleaving-share"))
    wanted = norm.ppf((1 + so_far.confidence) / 2) * 0.5 + norm.ppf(power) * np.sqrt(share * (1 - share))
    credited = so_far.design_effect * (wanted / (share - 0.5)) ** 2
    lists = credited * so_far.lists / (so_far.credit_a + so_far.credit_b)
    conversions = lists * so_far.conversions / so_far.lists
    return SampleSize(int(np.ceil(credited)), int(np.ceil(conversions)), int(np.ceil(lists)))


def split_conversions(lift: float, design_effect: float = 1.0, confidence: float = 0.95, power: float = POWER) -> int:
    """Conversions in both halves together that an A/B split needs to find a lift, 0.05 being +5 %.

    The log of the ratio of two Poisson counts of n / 2 has the variance 4 / n. Raises DataError for no lift, or a fall
    to nothing.
    """
    if lift == 0 or not lift > -1:
        hint = "Give the lift as a fraction above -1 other than 0, for example 0.05 for +5 %"
        raise DataError(Problem("lift", f"{lift} has no sample size", hint, "interleaving-lift"))
    z = norm.ppf((1 + confidence) / 2) + norm.ppf(power)
    return int(np.ceil(4 * design_effect * (z / np.log1p(lift)) ** 2))
