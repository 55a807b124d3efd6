"""Which of the trials train the ensemble: the best, and those that are as good as far as the rows can say.

Of many settings the one that looks best is mostly the luckiest. So a sampled setting replaces the usual ones only where
it is better by more than chance makes, and settings within that margin of the best share the members among them: their
mean is at least as good, and costs nothing.
"""

import math
from collections.abc import Sequence

from components.train.candidates import CANDIDATES
from components.train.journal import TrialRecord
from components.train.recipe import MOST_SETTINGS

# Two standard errors of the relative difference between the log losses of two models, by the rows of the rarer class.
CHANCE, MOST_CHANCE = 0.28, 0.03
NO_GAIN = 10  # trials


def margin(rarer: int) -> float:
    """The relative difference in log loss that is no more than chance, judged on so many rows of the rarer class."""
    return min(MOST_CHANCE, CHANCE / math.sqrt(max(rarer, 1)))


def best(records: Sequence[TrialRecord]) -> TrialRecord | None:
    """The first of the lowest log loss; None while none is complete."""
    complete = [record for record in records if record.state == "complete"]
    return min(complete, key=lambda record: record.log_loss, default=None)


def chosen(records: Sequence[TrialRecord], chance: float) -> tuple[TrialRecord, ...]:
    """One to MOST_SETTINGS complete trials, the best first. At least one of `records` is complete.

    Of trials with one loss only the first: without a category of many levels two of the usual settings are the same.
    """
    leader, usual = best(records), best(records[: len(CANDIDATES)])
    if usual and leader and leader.log_loss >= usual.log_loss * (1 - chance):
        leader, records = usual, records[: len(CANDIDATES)]
    assert leader is not None  # the time is only over once there is one
    limit = leader.log_loss * (1 + chance)
    near = [record for record in records if record.state == "complete" and record.log_loss <= limit]
    different = {record.log_loss: record for record in reversed(near)}
    return tuple(different[loss] for loss in sorted(different)[:MOST_SETTINGS])


def is_over(records: Sequence[TrialRecord], chance: float) -> bool:
    """Whether the last NO_GAIN trials, all of them sampled, brought nothing beyond chance."""
    before = best(records[:-NO_GAIN])
    after = best(records)
    if len(records) < len(CANDIDATES) + NO_GAIN or before is None or after is None:
        return False
    return after.log_loss >= before.log_loss * (1 - chance)
