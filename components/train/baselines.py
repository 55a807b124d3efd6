"""What every model must beat: the base rate, a logistic regression on the same rows, and the order as it is."""

from dataclasses import dataclass

from artifacts.baselines import Baselines, ConstantBaseline, CurrentOrderBaseline, LogisticBaseline
from components.train import calibrate, linear
from components.train.boosting import log_loss
from components.train.inputs import TrainingInputs
from model.bundle.calibration import Calibration
from model.bundle.linear import Linear

STRENGTH = 1.0  # the usual default of logistic regressions


@dataclass(frozen=True)
class Logistic:
    """A logistic regression, sampling-corrected and calibrated exactly as a model is."""

    linear: Linear
    calibration: Calibration
    log_loss: float  # on the calibration split


def logistic(inputs: TrainingInputs, *, directions: bool) -> Logistic:
    """Fitted on the train split, calibrated on the calibration split."""
    calibration_rows = inputs.calibration
    fitted = inputs.design.fit(strength=STRENGTH, directions=directions)
    z = inputs.sampling.correct(calibration_rows.margins(lambda matrix: fitted.margin(matrix, inputs.names)))
    calibration = calibrate.fit(z, calibration_rows.label, drifts=inputs.spec.split.by == "time")
    return Logistic(fitted, calibration, log_loss(calibration.apply(z), calibration_rows.label))


def baselines(inputs: TrainingInputs) -> Baselines:
    """They have what the model has: the same rows, the same calibration.

    The constant is the rate of the calibration split. The logistic regression has no declared directions: it is the
    usual first model without knowledge of the domain.
    """
    free = logistic(inputs, directions=False)
    position = inputs.spec.columns.position
    return Baselines(
        constant=ConstantBaseline(probability=linear.rate_of(inputs.calibration.label)),
        logistic=LogisticBaseline(
            features=tuple(inputs.features),
            linear=free.linear,
            sampling=inputs.sampling,
            calibration=free.calibration,
            examination=inputs.examination,
        ),
        current_order=CurrentOrderBaseline(position=position) if position else None,
    )
