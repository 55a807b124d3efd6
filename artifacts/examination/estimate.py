"""Which rows and which earlier curve an examination curve is estimated from; never the position input of a model.

A model learns position beside what makes an item attractive. Where another model ordered the lists, both are one, and
its position input says as much of the items as of the position.
"""

from artifacts.examination.curve import ExaminationCurve
from artifacts.examination.posterior import CurvePrior, posterior
from artifacts.examination.read_strata import CurveEvidence

IDENTIFIED = 0.25  # standard error of the decay up to which a curve counts as known
SETTLED = 0.1  # up to which it makes little difference to a verdict
# What an item at several positions may hide: that it stood higher where it suited the visitor better.
ITEM_SPREAD = 0.1
EARLIER = "what the rows before the test split said"  # an origin: of the curve that a bundle carries


def estimate(evidence: CurveEvidence, known: CurvePrior | None, origin: str = "") -> ExaminationCurve:
    """Of lists in random order, items at several positions, and what was `known` before these rows, from `origin`,
    which is not among the sources where it told nothing."""
    positions = evidence.random.rows.shape[1]
    prior = known or CurvePrior.unknown(positions)
    sources = [origin] if known and known.decay_se <= IDENTIFIED else []
    if evidence.items.conversions:
        prior = prior.with_others(evidence.items, ITEM_SPREAD)
        sources.insert(0, f"{evidence.items.conversions:,} conversions of items at several positions within a week")
    if evidence.random.conversions:
        sources.insert(0, f"{evidence.random.conversions:,} conversions in lists in random order")
    sources = sources or ["nothing that identifies it: the usual power law"]
    if evidence.repeated:
        sources.append("items were not compared, because columns.item stands several times on a page")
    if evidence.confined:
        unused = f"{evidence.confined:,} rows not taken as random: chance moved their items within a part of the page"
        sources.append(unused)
    return posterior(evidence.random, prior, source="; ".join(sources))


def is_identified(curve: ExaminationCurve) -> bool:
    return curve.decay_se <= IDENTIFIED


def conversions_needed(curve: ExaminationCurve, decay_se: float) -> float:
    """Conversions in lists in random order that would bring the standard error of the decay down to `decay_se`.

    One of them tells the variance of log k among such conversions (Fisher information of the power law).
    """
    share = curve.at / curve.at.sum()
    distance = curve.log_positions
    variance = share @ distance**2 - (share @ distance) ** 2
    missing = decay_se**-2 - (curve.decay_se**-2 if curve.decay_se > 0 else float("inf"))
    return max(0.0, float(missing / variance)) if variance > 0 else float("inf")
