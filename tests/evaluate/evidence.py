"""Evidence of a good model, whose numbers tests change one at a time."""

from components.evaluate.decide.criteria import Criteria
from components.evaluate.decide.evidence import ChampionComparison, Evidence, SliceResult
from components.evaluate.metrics.bootstrap import Estimate

METRICS = {
    "rows": 20_000.0,
    "conversions": 1_000.0,
    "log_loss": 0.03,
    "normalised_entropy": 0.9,
    "auc": 0.75,
    "auc_within_cuts": 0.74,
    "auc_within_cuts_low": 0.72,
    "auc_within_cuts_high": 0.78,
    "calibration_ratio": 1.01,
    "calibration_ratio_low": 0.95,
    "calibration_ratio_high": 1.07,
    "unseen_categories": 0.001,
    "monotone_violations": 0.0,
    "booster_bytes": 2e6,
    "immature_days": 0.0,
    "lists": 1_000.0,
    "logged_positions": 20.0,
    "ips_conversions": 0.9,
    "ess": 500.0,
    "ips_lift": 0.2,
    "ips_lift_low": 0.1,
    "ips_lift_high": 0.3,
}
BETTER = Estimate(0.1, 0.05, 0.15, 0.025)
WORSE = Estimate(-0.1, -0.15, -0.05, 0.025)
UNCLEAR = Estimate(0.02, -0.03, 0.07, 0.025)


def criteria(**changes):
    defaults = {
        "must_beat": ("constant", "logistic", "current_order"),
        "metric": "ips_conversions",
        "rule": "superiority",
        "margin": None,
        "confidence": 0.95,
        "slices": ("layout",),
        "min_conversions": 200,
        "max_unseen": 0.01,
        "ranked": True,
    }
    return Criteria(**(defaults | changes))


def evidence(*, gains=None, slices=None, champion=None, **metrics):
    """Metrics by name; None removes one."""
    numbers = {name: value for name, value in (METRICS | metrics).items() if value is not None}
    good = (SliceResult("layout", "1K", 400.0, 0.1, 0.99), SliceResult("layout", "2DK", 600.0, 0.05, 0.9))
    baselines = {"constant": BETTER, "logistic": BETTER, "current_order": BETTER}
    return Evidence(
        metrics=numbers,
        baseline_gains=baselines | (gains or {}),
        slices={"layout": good} if slices is None else slices,
        reference="the current order",
        champion=champion,
    )


def against(primary, log_loss=BETTER, order=BETTER):
    return ChampionComparison(primary=primary, log_loss=log_loss, order=order)
