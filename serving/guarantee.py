"""Whether every row that the schema lets in gets a finite probability, decided at the start without scoring any.

Of the trees it is only assumed that each sum is a finite float32: reading every leaf would make starting slow, and is
what the gate does. Where that does not hold the server answers 500 (service.py).
"""

import numpy as np

from model.bundle.folder import MANIFEST, RETRAIN
from model.bundle.manifest import Manifest
from model.bundle.margin_range import Reach, of_model
from model.errors import BundleError, Problem

LARGEST = float(np.finfo(np.float32).max)
TREES = Reach(-LARGEST, LARGEST)


def refuse_unbounded(manifest: Manifest) -> None:
    """Raises BundleError when some admissible row would get no probability."""
    fitted, log_odds = of_model(manifest, TREES)
    if not (fitted.is_finite and log_odds.is_finite):
        found = f"gives log odds from {log_odds.low:g} to {log_odds.high:g} for some rows that callers may send"
        raise BundleError(Problem(f"{MANIFEST} linear, sampling, calibration", found, RETRAIN, "answer-unbounded"))
