"""Whether the outcome depends on the examination curve, whether it may, and whether people have such a curve."""

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from components.evaluate.decide.rule_result import Decision, RuleResult

BOUND = "firm, or a curve that is known, or a log that no model made"
MOST_PAGES = 1e6  # in random order, that anybody would show
STEEPEST = 2.0  # exponent; those of curves that were published are about 0.3 to 1.2


@dataclass(frozen=True)
class CurveKnowledge:
    """Whether the rows `identified` the curve, whether a model is in service and so `ordered` the lists, and how many
    `lists` in random order would tell the curve well enough; its `decay` with a standard error."""

    identified: bool
    ordered: bool
    lists: float
    decay: float
    decay_se: float


def sensitivity(decision: Decision, under: Mapping[str, Decision], curve: CurveKnowledge) -> RuleResult:
    """`under` are the decisions for other curves, by name. A note that passes, but for an outcome that hangs on a curve
    which nothing identifies, on lists that a model ordered: there what stood at the top is what it liked best."""
    listed = ", ".join(f"{other.outcome} {name}" for name, other in under.items())
    if all(other.outcome == decision.outcome for other in under.values()):
        message = f"The verdict does not depend on how far down people look: {listed}."
        return RuleResult("sensitivity", "firm", BOUND, True, message)
    message = f"The verdict depends on how far down people look: {decision.outcome} as estimated, {listed}."
    passed = curve.identified or not curve.ordered
    if not passed:
        message += (
            " That cannot be told from this log: a model ordered its pages, so that what stood at "
            f"the top was also what it liked best. {_way_out(curve.lists)}"
        )
    return RuleResult("sensitivity", "depends on the curve", BOUND, passed, message, "hold")


def _way_out(lists: float) -> str:
    """`lists` may be without bound: where nearly nobody converts, or nearly all do at the top."""
    if lists > MOST_PAGES:
        return (
            f"More than {MOST_PAGES:,.0f} pages in random order would be needed to settle it, because so few "
            "conversions are below the top of a page: compare the two models in an A/B test."
        )
    about = float(f"{math.ceil(lists):.2g}")
    return (
        f"About {about:,.0f} pages in random order, among the rows that are used, would settle it: show a small share "
        "of pages at random and mark them in columns.explore."
    )


def implausible_curve(curve: CurveKnowledge) -> Iterator[RuleResult]:
    """A curve that is surely steeper than people look is one of positions that were logged wrongly, and no order can be
    judged by it; nothing for every other curve."""
    if curve.decay - 2 * curve.decay_se <= STEEPEST:
        return
    message = (
        f"Conversions fall with the position as position^-{curve.decay:.1f} (standard error {curve.decay_se:.1f}), "
        f"where 0.3 to 1.2 is usual and more than {STEEPEST:g} is known of no page: nearly all of them are at the top. "
        "Look in the SQL at how a conversion finds its position: it must be the place at which the item stood on that "
        "page, also where a visit did not begin with a page."
    )
    yield RuleResult(
        "examination", round(curve.decay, 2), f"<= {STEEPEST:g}, but for two standard errors", False, message, "hold"
    )
