"""What every model must beat: the base rate, a logistic regression on the same rows, and the order as it is."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from components.train import calibrate, linear
from components.train.search import log_loss
from components.train.splits import Part
from model.bundle.calibration import Calibration, Sampling
from model.bundle.features import Feature
from model.bundle.linear import Linear
from model.spec.types import Spec

STRENGTH = 1.0  # the usual default of logistic regressions


@dataclass(frozen=True)
class Logistic:
    """A logistic regression, sampling-corrected and calibrated exactly as a model is."""

    linear: Linear
    calibration: Calibration
    log_loss: float  # on the calibration part


def logistic(
    train: Part, newest: Part, features: Sequence[Feature], sampling: Sampling, *, directions: bool
) -> Logistic:
    """Fitted on the train part, calibrated on `newest`, the calibration part."""
    fitted = linear.fit(train.matrix, train.label, features, strength=STRENGTH, directions=directions)
    z = sampling.correct(fitted.margin(newest.matrix, [feature.name for feature in features]))
    calibration = calibrate.fit(z, newest.label)
    return Logistic(fitted, calibration, log_loss(calibration.apply(z), newest.label))


def baselines(spec: Spec, train: Part, newest: Part, features: Sequence[Feature], sampling: Sampling) -> dict[str, Any]:
    """As baselines.json holds them. They are given all that the model is given: the same rows, the same calibration.

    The constant is the rate of the newest rows. The logistic regression is free of declared directions: it is what
    anybody would fit in an afternoon.
    """
    free = logistic(train, newest, features, sampling, directions=False)
    return {
        "constant": {"probability": linear.rate_of(newest.label)},
        "logistic": {
            "features": [feature.model_dump(mode="json") for feature in features],
            "linear": free.linear.model_dump(mode="json"),
            "sampling": sampling.model_dump(mode="json"),
            "calibration": free.calibration.model_dump(mode="json"),
        },
        "current_order": {"position": spec.columns.position} if spec.columns.position else None,
    }
