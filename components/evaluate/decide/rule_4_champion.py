"""Rule 4: the model beats the model in service on the same rows, or is not worse than it within the spec's margin."""

from collections.abc import Iterator

from components.evaluate.decide.criteria import Criteria
from components.evaluate.decide.evidence import ChampionComparison, Evidence
from components.evaluate.decide.gain_text import not_worse, percent, superiority, with_interval
from components.evaluate.decide.rule_result import RuleResult
from components.evaluate.metrics.bootstrap import Estimate

MOST_LOG_LOSS_RISE = 0.02


def beats_champion(evidence: Evidence, criteria: Criteria) -> Iterator[RuleResult]:
    """By the spec's metric and rule, and by log loss; nothing without a model in service."""
    champion = evidence.champion
    if champion is None:
        return
    if not champion.comparable:
        yield _not_comparable(champion)
        return
    other, conversions = f"the model in service by {criteria.measure}", evidence.metrics["conversions"]
    if champion.seen:
        conversions = champion.conversions
        yield _new_to_champion(champion, criteria)
        if champion.too_few:
            return
    assert champion.primary is not None  # rule 1 checked it
    assert champion.log_loss is not None
    gain, known = champion.primary, not criteria.by_order or evidence.curve_known
    if criteria.rule == "superiority":
        yield superiority("beats champion", gain, other, conversions, curve_known=known)
    else:
        margin = criteria.margin or 0.0
        yield not_worse("not worse than champion", gain, margin, other, conversions, curve_known=known)
    yield _log_loss(champion.log_loss)
    if champion.order is not None:
        yield _order(champion.order)


def _not_comparable(champion: ChampionComparison) -> RuleResult:
    if champion.unscorable:
        message = (
            f"The model in service cannot score these rows: {champion.unscorable}. Add the missing inputs, or "
            "run without a champion to start anew, which the verdict then records."
        )
        return RuleResult("champion", "not scored", "scored on the same rows", False, message)
    message = "This is the model in service, byte for byte: there is nothing to promote."
    return RuleResult("champion", "the same bundle", "another bundle", False, message)


def _new_to_champion(champion: ChampionComparison, criteria: Criteria) -> RuleResult:
    needed = (
        f", and {criteria.min_conversions:,} are needed: train again when there are more newer rows, by `columns.time`"
    )
    message = (
        f"The model in service learned from {champion.seen:,} of the {champion.rows:,} test rows. They are left out of "
        f"the comparison with it: {champion.rows - champion.seen:,} rows with {champion.conversions:,.0f} conversions "
        f"remain{needed if champion.too_few else ''}."
    )
    bound = f">= {criteria.min_conversions:,}"
    return RuleResult(
        "rows new to champion", champion.conversions, bound, not champion.too_few, message, "insufficient-data"
    )


def _log_loss(saving: Estimate) -> RuleResult:
    """The rise of log loss over the champion's, which is the saving with its sign changed."""
    worse, most = saving.high < 0, percent(MOST_LOG_LOSS_RISE)
    comparison = "significantly worse than" if worse else "not significantly worse than"
    interval = with_interval(-saving.value, -saving.high, -saving.low)
    return RuleResult(
        "log loss against champion",
        -saving.value,
        f"not significantly above 0, and <= {most}",
        not worse and -saving.value <= MOST_LOG_LOSS_RISE,
        f"Log loss is {comparison} that of the model in service: {interval}; at most {most} is allowed.",
        "reject" if worse else "hold",
    )


def _order(saving: Estimate) -> RuleResult:
    """Where log loss decides, today's level alone beats a champion whose level is of older rows. How rows are ordered
    must not have become worse for it."""
    passed = saving.value >= 0
    finding = "The gain is not one of level alone" if passed else "The gain is one of level, not of order"
    interval = with_interval(saving.value, saving.low, saving.high)
    message = (
        f"{finding}: with the level of both put right on these rows, it saves {interval} of the champion's log loss."
    )
    return RuleResult(
        "order against champion", saving.value, ">= 0", passed, message, "reject" if saving.high < 0 else "hold"
    )
