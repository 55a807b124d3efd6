"""The few metrics of a run that decide, named for people: what Kubeflow's table of metrics and the summary show.

Kubeflow lists them by name, ten a page, and compares runs by name: the names are the same in every run, and a metric
that a run does not have is left out. All metrics are in metrics.json and in the report.
"""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Headline:
    """How one scalar of metrics.json is shown: times `factor`, rounded to `decimals`."""

    name: str
    scalar: str
    decimals: int
    factor: float = 1.0

    def shown(self, value: float) -> float:
        """Never -0."""
        return round(value * self.factor, self.decimals) + 0.0


@dataclass(frozen=True)
class HeadlineMetric:
    """A value of a run with its interval, where it has one, as numbers for people."""

    name: str
    value: float
    low: float | None
    high: float | None
    decimals: int


HEADLINES = (
    Headline("AUC", "auc", 4),
    Headline("Calibration (1 is right)", "calibration_ratio", 4),
    Headline("Conversions in the test", "conversions", 0),
    Headline("Gain over champion (% conversions)", "ips_lift_over_champion", 2, 100),
    Headline("Gain over current order (% conversions)", "ips_lift", 2, 100),
    Headline("Log loss", "log_loss", 5),
    Headline("Log loss saved over champion (%)", "log_loss_saving_over_champion", 2, 100),
    Headline("Log loss saved over constant (%)", "log_loss_saving_over_constant", 2, 100),
)


def headline_metrics(scalars: Mapping[str, float]) -> tuple[HeadlineMetric, ...]:
    """Those of HEADLINES that are among `scalars`, the scalars of metrics.json by name; in the order of their names."""
    return tuple(_metric(headline, scalars) for headline in HEADLINES if headline.scalar in scalars)


def _metric(headline: Headline, scalars: Mapping[str, float]) -> HeadlineMetric:
    low, high = (scalars.get(f"{headline.scalar}_{end}") for end in ("low", "high"))
    return HeadlineMetric(
        headline.name,
        headline.shown(scalars[headline.scalar]),
        None if low is None else headline.shown(low),
        None if high is None else headline.shown(high),
        headline.decimals,
    )
