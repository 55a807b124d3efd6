"""From numbers to a decision.

    invalid             something is missing or not finite: nothing can be decided
    insufficient-data   too little was observed
    reject              shown to be worse, or not what the spec asks for
    hold                not shown to be better; keep the model and evaluate it again with more data
    promote             every rule passes

The most severe consequence of a rule that did not pass is the outcome. Nothing here reads a file or a clock: equal
evidence gives equal decisions.
"""

from collections.abc import Callable, Iterator

from artifacts.pool import Pool
from components.evaluate.decide.criteria import Criteria
from components.evaluate.decide.evidence import Evidence
from components.evaluate.decide.rule_1_complete import incomplete
from components.evaluate.decide.rule_2_validity import enough_conversions, validity
from components.evaluate.decide.rule_3_baselines import beats_baselines
from components.evaluate.decide.rule_4_champion import beats_champion
from components.evaluate.decide.rule_5_guards import guards
from components.evaluate.decide.rule_6_slices import slices_unharmed
from components.evaluate.decide.rule_result import Decision, RuleResult

DecisionRule = Callable[[Evidence, Criteria], Iterator[RuleResult]]
RULES: tuple[DecisionRule, ...] = (validity, beats_baselines, beats_champion, guards, slices_unharmed)


def decide(evidence: Evidence, criteria: Criteria) -> Decision:
    """Rule 1 decides alone when it fails, because the others read the numbers that it checks."""
    if missing := tuple(incomplete(evidence, criteria)):
        return Decision.of(*missing)
    return Decision.of(*(result for rule in RULES for result in rule(evidence, criteria)))


def decide_without_classes(conversions: float, criteria: Criteria, pool: Pool) -> Decision:
    """The decision for test rows that all converted, or none of which did: no quality can be measured on them."""
    message = f"All test rows have the same label, with {conversions:,.0f} conversions: no quality can be measured."
    one_class = RuleResult("classes", 1, ">= 2", False, message, "insufficient-data")
    return Decision.of(one_class, enough_conversions(conversions, criteria, pool))
