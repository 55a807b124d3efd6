"""Rule 6: no slice is significantly worse than the reference."""

from collections.abc import Iterator, Sequence

from components.evaluate.decide.criteria import Criteria
from components.evaluate.decide.evidence import Evidence, SliceResult
from components.evaluate.decide.gain_text import percent
from components.evaluate.decide.rule_result import RuleResult

FEWEST_IN_SLICE = 50


def slices_unharmed(evidence: Evidence, criteria: Criteria) -> Iterator[RuleResult]:
    """Smaller slices are shown in the report, and not tested."""
    if not criteria.slices:
        return
    tested = [slice for slices in evidence.slices.values() for slice in slices if slice.conversions >= FEWEST_IN_SLICE]
    scope = f"{len(tested)} slice(s) with at least {FEWEST_IN_SLICE} conversions against {evidence.reference}"
    rejected = holm([1.0 if slice.p is None else slice.p for slice in tested], level=1 - criteria.confidence)
    harmed = [slice for slice, harm in zip(tested, rejected, strict=True) if harm]
    if harmed:
        message = f"Significantly worse in {'; '.join(map(_described, harmed))} ({scope})."
        yield RuleResult("slices", len(harmed), "0 harmed", False, message, "reject")
    else:
        yield RuleResult("slices", 0, "0 harmed", True, f"No slice is significantly worse: {scope}.")


def _described(slice: SliceResult) -> str:
    return f"{slice.column} = {slice.value} {percent(slice.change or 0.0, sign=True)}"


def holm(p: Sequence[float], *, level: float) -> list[bool]:
    """Which hypotheses are rejected, with at most `level` chance of any false rejection.

    Holm, Scandinavian Journal of Statistics 1979.
    """
    rejected = [False] * len(p)
    for step, index in enumerate(sorted(range(len(p)), key=lambda index: p[index])):
        if p[index] > level / (len(p) - step):
            break
        rejected[index] = True
    return rejected
