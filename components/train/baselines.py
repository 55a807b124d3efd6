"""What every model must beat: the base rate, a logistic regression on the same rows, and the order as it is."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from components.train import linear
from components.train.parts import Part
from model.calibration import Sampling
from model.features import Feature
from model.spec import Spec

STRENGTH = 1.0  # the usual default of logistic regressions


def baselines(spec: Spec, train: Part, features: Sequence[Feature], sampling: Sampling) -> dict[str, Any]:
    """As baselines.json holds them. All are fitted on the train part alone and corrected for its sampling.

    The logistic regression is free of declared directions: it is what anybody would fit in an afternoon.
    """
    logistic = linear.fit(train.matrix, train.label, features, strength=STRENGTH, directions=False)
    odds = linear.prior(train.label).intercept + float(np.log(sampling.kept_negatives))
    return {
        "constant": {"probability": float(1 / (1 + np.exp(-odds)))},
        "logistic": {
            "features": [feature.model_dump(mode="json") for feature in features],
            "linear": logistic.model_dump(mode="json"),
            "sampling": sampling.model_dump(mode="json"),
        },
        "current_order": {"position": spec.columns.position} if spec.columns.position else None,
    }
