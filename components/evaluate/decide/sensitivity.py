"""Whether the outcome depends on the examination curve."""

from collections.abc import Mapping

from components.evaluate.decide.rule_result import Decision, RuleResult


def sensitivity(decision: Decision, under: Mapping[str, Decision]) -> RuleResult:
    """A note that always passes: `under` are the decisions for other curves, by name."""
    listed = ", ".join(f"{other.outcome} {name}" for name, other in under.items())
    if all(other.outcome == decision.outcome for other in under.values()):
        measured, message = "firm", f"The verdict does not depend on how steep the examination curve is: {listed}."
    else:
        measured = "depends on the curve"
        message = (
            f"The verdict depends on how steep the examination curve is: {decision.outcome} as estimated, {listed}."
        )
    return RuleResult("sensitivity", measured, "a note, not a rule", True, message)
