"""The result of one rule."""

from dataclasses import dataclass

from artifacts.verdict import Outcome, Reason

SEVERITY: tuple[Outcome, ...] = ("promote", "hold", "reject", "insufficient-data", "invalid")


@dataclass(frozen=True)
class RuleResult:
    """One rule and whether it passed; `consequence` is the best possible outcome if it did not."""

    rule: str
    measured: float | str
    bound: str
    passed: bool
    message: str
    consequence: Outcome = "hold"

    @property
    def reason(self) -> Reason:
        """What verdict.json holds of it."""
        return Reason(
            rule=self.rule, measured=self.measured, bound=self.bound, passed=self.passed, message=self.message
        )


@dataclass(frozen=True)
class Decision:
    outcome: Outcome
    results: tuple[RuleResult, ...]

    @classmethod
    def of(cls, *results: RuleResult) -> "Decision":
        """The most severe consequence of a rule that did not pass; `promote` if all passed."""
        severity = max((SEVERITY.index(result.consequence) for result in results if not result.passed), default=0)
        return cls(SEVERITY[severity], results)
