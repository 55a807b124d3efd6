"""Whether the outcome depends on the examination curve, and whether that may be so."""

from collections.abc import Mapping
from dataclasses import dataclass

from components.evaluate.decide.rule_result import Decision, RuleResult

BOUND = "firm, or a curve that is known, or a log that no model made"


@dataclass(frozen=True)
class CurveKnowledge:
    """Whether the rows `identified` the curve, whether a model is in service and so `ordered` the lists, and how many
    `lists` in random order would tell the curve well enough."""

    identified: bool
    ordered: bool
    lists: float


def sensitivity(decision: Decision, under: Mapping[str, Decision], curve: CurveKnowledge) -> RuleResult:
    """`under` are the decisions for other curves, by name. A note that passes, but for an outcome that hangs on a curve
    which nothing identifies, on lists that a model ordered: there what stood at the top is what it liked best."""
    listed = ", ".join(f"{other.outcome} {name}" for name, other in under.items())
    if all(other.outcome == decision.outcome for other in under.values()):
        message = f"The verdict does not depend on how steep the examination curve is: {listed}."
        return RuleResult("sensitivity", "firm", BOUND, True, message)
    message = f"The verdict depends on how steep the examination curve is: {decision.outcome} as estimated, {listed}."
    passed = curve.identified or not curve.ordered
    if not passed:
        message += (
            " How far down people look cannot be told from this log: a model ordered its pages, so that what stood at "
            f"the top was also what it liked best. About {curve.lists:,.0f} pages in random order would settle it: "
            "show a small share of pages at random and mark them in columns.explore."
        )
    return RuleResult("sensitivity", "depends on the curve", BOUND, passed, message, "hold")
