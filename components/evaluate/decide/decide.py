"""From plain numbers to a verdict with every reason in words.

    invalid             something is missing or not finite: nothing can be said
    insufficient-data   too little was observed to say anything
    reject              shown to be worse, or not what was asked for
    hold                not shown to be better; keep the model and look again with more data
    promote             every rule holds

The gravest consequence of a broken rule is the verdict. Nothing here reads a file or a clock: equal numbers,
equal words.
"""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields, is_dataclass
from typing import Literal

from components.evaluate.metrics.bootstrap import Estimate
from model.spec.types import Spec

Word = Literal["promote", "hold", "reject", "insufficient-data", "invalid"]
GRAVITY: tuple[Word, ...] = ("promote", "hold", "reject", "insufficient-data", "invalid")

FEWEST_IN_SLICE = 50
RATIO = (0.9, 1.1)  # predicted over observed conversions
FEWEST_ESS, LEAST_ESS_SHARE = 200, 0.01
MOST_BYTES = 50_000_000
MOST_LOG_LOSS_RISE = 0.02
LEAST_TARGET = 1e-4
POWER = 2.8  # standard errors that a true difference must have to be told apart 8 times in 10, at 5 % two-sided

NEEDED = (
    "rows",
    "conversions",
    "log_loss",
    "normalised_entropy",
    "auc",
    "calibration_ratio",
    "calibration_ratio_low",
    "calibration_ratio_high",
    "unseen_categories",
    "monotone_violations",
    "booster_bytes",
    "immature_days",
)
NEEDED_WITH_PLACES = ("lists", "logged_places", "ips_conversions", "ess", "ips_lift", "ips_lift_low", "ips_lift_high")


@dataclass(frozen=True)
class Rules:
    """What the spec asks of a model. `ranked`: the data have places, so that orders can be compared."""

    must_beat: tuple[str, ...]
    metric: Literal["ips_conversions", "log_loss"]
    rule: Literal["superiority", "non-inferiority"]
    margin: float | None
    confidence: float
    slices: tuple[str, ...]
    min_conversions: int
    max_unseen: float
    ranked: bool

    @classmethod
    def of(cls, spec: Spec) -> "Rules":
        asked, ranked = spec.promotion, spec.columns.position is not None
        metric = asked.champion.metric or ("ips_conversions" if ranked else "log_loss")
        champion = asked.champion
        return cls(
            must_beat=asked.must_beat,
            metric=metric,
            rule=champion.rule,
            margin=champion.margin,
            confidence=champion.confidence,
            slices=asked.slices,
            min_conversions=asked.min_conversions,
            max_unseen=asked.max_unseen,
            ranked=ranked,
        )


@dataclass(frozen=True)
class Slice:
    """`change` is relative to the reference, above 0 = better; `p` the one-sided chance of seeing this if it were not
    worse. Both None where the slice is too small to measure."""

    column: str
    value: str
    conversions: float
    change: float | None
    p: float | None


@dataclass(frozen=True)
class Opponent:
    """The model in service, scored on the same rows. `unscorable` says why it could not be, "" if it could.

    `primary` and `log_loss` are relative gains of the new model over it, above 0 = better.
    """

    same_bundle: bool = False
    unscorable: str = ""
    primary: Estimate | None = None
    log_loss: Estimate | None = None


@dataclass(frozen=True)
class Unseen:
    """Values of one category column. `unseen`: share of test rows whose value is in no training row; `pooled`: share of
    training rows whose value is too rare for a code of its own, so that the model reads it as it reads an unseen one.

    What was never seen falls into a pool that training knows, as long as there is not more of it than of the pool.
    """

    column: str
    unseen: float
    pooled: float

    @property
    def excess(self) -> float:
        """The share of test rows with a value that the model can know nothing of."""
        return max(0.0, self.unseen - self.pooled)


@dataclass(frozen=True)
class Evidence:
    """Everything measured that a rule looks at. `floors`: gain over each baseline, above 0 = better."""

    metrics: Mapping[str, float]
    floors: Mapping[str, Estimate]
    slices: Mapping[str, Sequence[Slice]] = field(default_factory=dict)
    reference: str = "the constant"
    champion: Opponent | None = None
    unseen: Unseen | None = None


@dataclass(frozen=True)
class Reason:
    """One rule and how it came out; `consequence` is the verdict at best if it is broken."""

    rule: str
    measured: float | str
    bound: str
    passed: bool
    says: str
    consequence: Word = "hold"

    def to_json(self) -> dict[str, float | str | bool]:
        return {name: getattr(self, name) for name in ("rule", "measured", "bound", "passed", "says")}


@dataclass(frozen=True)
class Verdict:
    word: Word
    reasons: tuple[Reason, ...]


def decide(evidence: Evidence, rules: Rules) -> Verdict:
    broken = tuple(_unusable(evidence, rules))
    if broken:
        return Verdict("invalid", broken)
    reasons = (
        *_validity(evidence, rules),
        *_floors(evidence, rules),
        *_primary(evidence, rules),
        *_guards(evidence, rules),
        *_harm(evidence, rules),
    )
    worst = max((GRAVITY.index(reason.consequence) for reason in reasons if not reason.passed), default=0)
    return Verdict(GRAVITY[worst], reasons)


def decide_without_classes(conversions: float, rules: Rules) -> Verdict:
    """The verdict on test rows that all converted, or none of which did: no quality can be measured on them."""
    says = f"All test rows have one label, with {conversions:,.0f} conversions: nothing can be measured on them."
    one_class = Reason("classes", 1, ">= 2", False, says, "insufficient-data")
    return Verdict("insufficient-data", (one_class, _enough(conversions, rules)))


# 1. Finite and present


def _unusable(evidence: Evidence, rules: Rules) -> Iterator[Reason]:
    def invalid(rule: str, measured: str, bound: str, says: str) -> Reason:
        return Reason(rule, measured, bound, False, says, "invalid")

    if not rules.must_beat:
        yield invalid("rules", "none", "at least one", "There is no rule to hold: promotion.must_beat is empty.")
    for name, value in _not_finite("", evidence):
        yield invalid("finite", str(value), "a finite number", f"{name} is {value}: no verdict rests on that.")
    needed = (*NEEDED, *(NEEDED_WITH_PLACES if rules.ranked else ()))
    absent = [name for name in needed if name not in evidence.metrics]
    if absent:
        says = f"Could not be measured: {', '.join(absent)}."
        yield invalid("present", "missing", "a number each", says)
    for name in rules.must_beat:
        if name not in evidence.floors:
            yield invalid("present", "missing", "a number", f"The comparison with {_named(name)} could not be made.")
    for column in rules.slices:
        found = evidence.slices.get(column)
        if not found:
            yield invalid("present", "missing", "a slice", f"The declared slice {column} is not in the test rows.")
        for one in found or ():
            if one.conversions >= FEWEST_IN_SLICE and (one.change is None or one.p is None):
                says = f"The slice {column} = {one.value} has {one.conversions:.0f} conversions but no comparison."
                yield invalid("present", "missing", "a number", says)
    champion = evidence.champion
    comparable = champion is not None and not champion.unscorable and not champion.same_bundle
    if champion and comparable and not (champion.primary and champion.log_loss):
        yield invalid("present", "missing", "a number", "The comparison with the model in service could not be made.")


def _not_finite(name: str, value: object) -> Iterator[tuple[str, float]]:
    """Every number within that is NaN or infinite, with its name."""
    if isinstance(value, float) and not math.isfinite(value):
        yield name or "a number", value
    elif isinstance(value, Mapping):
        for key, inner in value.items():
            yield from _not_finite(f"{name} {key}".strip(), inner)
    elif isinstance(value, list | tuple):
        for inner in value:
            yield from _not_finite(name, inner)
    elif is_dataclass(value):
        for part in fields(value):
            yield from _not_finite(f"{name} {part.name}".strip(), getattr(value, part.name))


# 2. Validity


def _validity(evidence: Evidence, rules: Rules) -> Iterator[Reason]:
    metrics = evidence.metrics
    yield _enough(metrics["conversions"], rules)
    days = metrics["immature_days"]
    ripe = "All test rows are old enough for their conversions to have arrived."
    unripe = f"The youngest test rows are {days:.1f} days too young for all their conversions to have arrived."
    yield Reason("maturity", days, "<= 0 days", days <= 0, ripe if days <= 0 else unripe, "insufficient-data")
    if not rules.ranked:
        return
    places = metrics["logged_places"]
    says = f"The test lists were logged at {places:.0f} different places; an order needs at least 2."
    yield Reason("places", places, ">= 2", places >= 2, says, "insufficient-data")
    least = max(FEWEST_ESS, math.ceil(LEAST_ESS_SHARE * metrics["rows"]))  # as it is written in the bound
    says = (
        f"The weights of the off-policy estimate are worth {metrics['ess']:,.0f} rows of {metrics['rows']:,.0f}; "
        f"at least {least:,.0f} are needed."
    )
    enough = metrics["ess"] >= least
    yield Reason("effective sample", metrics["ess"], f">= {least:,.0f}", enough, says, "insufficient-data")


def _enough(conversions: float, rules: Rules) -> Reason:
    says = f"The test part has {conversions:,.0f} conversions; {rules.min_conversions:,} are needed for any verdict."
    bound = f">= {rules.min_conversions}"
    return Reason("conversions", conversions, bound, conversions >= rules.min_conversions, says, "insufficient-data")


# 4. Floors, with or without a model in service


def _floors(evidence: Evidence, rules: Rules) -> Iterator[Reason]:
    for name in rules.must_beat:
        gain = evidence.floors[name]
        measure = "expected conversions per list" if name == "current_order" else "log loss"
        yield _better(f"beats {name}", gain, f"{_named(name)} by {measure}", evidence.metrics["conversions"])


def _better(rule: str, gain: Estimate, other: str, conversions: float) -> Reason:
    """Superiority: the whole interval above 0. Reject when it lies below 0, hold when it holds 0."""
    seen = f"{percent(gain.value, sign=True)} ({percent(gain.low, sign=True)} to {percent(gain.high, sign=True)})"
    if gain.low > 0:
        return Reason(rule, gain.value, "interval above 0", True, f"Better than {other}: {seen}.")
    if gain.high < 0:
        return Reason(rule, gain.value, "interval above 0", False, f"Worse than {other}: {seen}.", "reject")
    if gain.low == gain.high == 0:
        says = f"Answers every row as {other} does: there is no difference to show."
    else:
        says = f"Cannot be told apart from {other}: {seen}. {_needs(gain, gain.value, conversions)}"
    return Reason(rule, gain.value, "interval above 0", False, says, "hold")


def _needs(gain: Estimate, target: float, conversions: float) -> str:
    smallest = f"The smallest difference that {conversions:,.0f} conversions can show is {percent(POWER * gain.se)}"
    needed = conversions_for(gain, target, conversions)
    if not math.isfinite(needed):
        return f"{smallest}."
    return f"{smallest}; to show {percent(target)} it needs about {needed:,.0f}."


def conversions_for(gain: Estimate, target: float, conversions: float) -> float:
    """Conversions with which a true difference `target` is told apart 8 times in 10: errors shrink as their root.

    Infinite for differences below LEAST_TARGET, which nobody means.
    """
    errors = POWER * gain.se / target if target > LEAST_TARGET else math.inf
    return float(f"{conversions * min(errors, 1e9) ** 2:.2g}") if math.isfinite(errors) else math.inf


# 3 and 5. The model in service, on the same rows


def _primary(evidence: Evidence, rules: Rules) -> Iterator[Reason]:
    champion, conversions = evidence.champion, evidence.metrics["conversions"]
    if champion is None:
        return
    if champion.unscorable:
        says = (
            f"The model in service cannot score these rows: {champion.unscorable}. Bring the missing inputs back, or "
            "run without a champion to start anew, which the verdict then records."
        )
        yield Reason("champion", "not scored", "scored on the same rows", False, says)
        return
    if champion.same_bundle:
        says = "This is the model in service, byte for byte: there is nothing to promote."
        yield Reason("champion", "the same bundle", "another bundle", False, says)
        return
    assert champion.primary is not None  # _unusable found it
    assert champion.log_loss is not None
    by = "expected conversions per list" if rules.metric == "ips_conversions" else "log loss"
    other = f"the model in service by {by}"
    if rules.rule == "superiority":
        yield _better("beats champion", champion.primary, other, conversions)
    else:
        yield _not_worse(champion.primary, rules.margin or 0.0, other, conversions)
    saving = champion.log_loss
    seen = (
        f"{percent(-saving.value, sign=True)} ({percent(-saving.high, sign=True)} to {percent(-saving.low, sign=True)})"
    )
    worse = saving.high < 0
    passed = not worse and -saving.value <= MOST_LOG_LOSS_RISE
    word = "significantly worse than" if worse else "not significantly worse than"
    yield Reason(
        "log loss against champion",
        -saving.value,
        f"not significantly above 0, and <= {percent(MOST_LOG_LOSS_RISE)}",
        passed,
        f"Log loss is {word} that of the model in service: {seen}; at most {percent(MOST_LOG_LOSS_RISE)} is allowed.",
        "reject" if worse else "hold",
    )


def _not_worse(gain: Estimate, margin: float, other: str, conversions: float) -> Reason:
    rule, bound = "not worse than champion", f"interval above -{percent(margin)}, value >= 0"
    seen = f"{percent(gain.value, sign=True)} ({percent(gain.low, sign=True)} to {percent(gain.high, sign=True)})"
    if gain.high < 0:
        return Reason(rule, gain.value, bound, False, f"Worse than {other}: {seen}.", "reject")
    if margin < POWER * gain.se:
        needed = conversions_for(gain, margin, conversions)
        more = f"needs about {needed:,.0f} conversions" if math.isfinite(needed) else "no number of conversions will do"
        says = f"Cannot tell within {percent(margin)} of {other}: {seen}, from {conversions:,.0f} conversions; {more}."
        return Reason(rule, gain.value, bound, False, says, "hold")
    passed = gain.low > -margin and gain.value >= 0
    word = "Not worse" if passed else "Not shown to be as good"
    return Reason(rule, gain.value, bound, passed, f"{word} within {percent(margin)} of {other}: {seen}.", "hold")


# 6. Guards


def _guards(evidence: Evidence, rules: Rules) -> Iterator[Reason]:
    metrics = evidence.metrics
    yield _calibrated(metrics)
    unseen = metrics["unseen_categories"]
    passed = unseen <= rules.max_unseen
    says = _unseen(evidence.unseen, passed)
    yield Reason("unseen categories", unseen, f"<= {percent(rules.max_unseen)}", passed, says)
    broken = metrics["monotone_violations"]
    says = f"{broken:,.0f} steps against a declared direction, over a grid of every such input."
    yield Reason("declared directions", broken, "0", broken == 0, says, "reject")
    size = metrics["booster_bytes"]
    says = f"The booster has {size / 1e6:.1f} MB; at most {MOST_BYTES / 1e6:.0f} MB are allowed."
    yield Reason("size", size, f"<= {MOST_BYTES:,}", size <= MOST_BYTES, says)


def _unseen(worst: Unseen | None, passed: bool) -> str:
    if worst is None:
        return "The model has no category as an input."
    if worst.unseen == 0:
        return "Training saw every value that a category has in the test part."
    says = f"{percent(worst.unseen)} of the test rows have a value of {worst.column} that training never saw"
    pool = f"; {percent(worst.pooled)} of its rows have values so rare that the model pools them with the unseen"
    hint = (
        ". Train on newer rows, give the column coarser values in the SQL, leave it out, or raise promotion.max_unseen"
    )
    return f"{says}{pool if worst.pooled else ''}{'' if passed else hint}."


def _calibrated(metrics: Mapping[str, float]) -> Reason:
    """Broken when the ratio is shown to be off: at 500 conversions its own error is near 5 %, and a bound on the value
    alone would refuse one sound model in twenty."""
    ratio, low, high = (metrics[f"calibration_ratio{end}"] for end in ("", "_low", "_high"))
    least, most = RATIO
    says = f"Predicted over observed conversions is {ratio:.3f} ({low:.3f} to {high:.3f}); {least} to {most} is asked."
    return Reason("calibration", ratio, f"interval reaches {least} to {most}", low <= most and high >= least, says)


# 7. Slices


def _harm(evidence: Evidence, rules: Rules) -> Iterator[Reason]:
    if not rules.slices:
        return
    tested = [one for found in evidence.slices.values() for one in found if one.conversions >= FEWEST_IN_SLICE]
    told = f"{len(tested)} slice(s) with at least {FEWEST_IN_SLICE} conversions against {evidence.reference}"
    harmed = holm([one.p if one.p is not None else 1.0 for one in tested], level=1 - rules.confidence)
    worse = [one for one, harm in zip(tested, harmed, strict=True) if harm]
    if worse:
        listed = "; ".join(f"{one.column} = {one.value} {_change(one)}" for one in worse)
        yield Reason("slices", len(worse), "0 harmed", False, f"Significantly worse in {listed} ({told}).", "reject")
    else:
        yield Reason("slices", 0, "0 harmed", True, f"No slice is significantly worse: {told}.")


def _change(one: Slice) -> str:
    return percent(one.change or 0.0, sign=True)


def holm(p: Sequence[float], *, level: float) -> list[bool]:
    """Which hypotheses fall, with at most `level` chance of any false one: Holm, Scandinavian J. of Statistics 1979."""
    fallen = [False] * len(p)
    for number, place in enumerate(sorted(range(len(p)), key=lambda place: p[place])):
        if p[place] > level / (len(p) - number):
            break
        fallen[place] = True
    return fallen


def sensitivity(verdict: Verdict, bent: Mapping[str, Verdict]) -> Reason:
    """A note, never a gate: what the verdict would be were people to look further down the page, or less far."""
    told = ", ".join(f"{other.word} {name}" for name, other in bent.items())
    firm = all(other.word == verdict.word for other in bent.values())
    says = (
        f"The verdict does not depend on how steep the examination curve is: {told}."
        if firm
        else f"The verdict depends on how steep the examination curve is: {verdict.word} as estimated, {told}."
    )
    return Reason("sensitivity", "firm" if firm else "depends on the curve", "a note, not a rule", True, says)


def percent(value: float, *, sign: bool = False) -> str:
    """Three digits or so, as people write them: 0.0123 -> 1.23 %."""
    scaled = value * 100
    digits = 0 if abs(scaled) >= 100 else 1 if abs(scaled) >= 10 else 2
    return f"{scaled:{'+' if sign else ''}.{digits}f} %"


def _named(name: str) -> str:
    return {
        "constant": "the constant",
        "logistic": "the logistic regression",
        "current_order": "the current order",
    }.get(name, name)
