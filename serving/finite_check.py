"""Checks at the start, without scoring, that every row the types accept gets a finite probability.

The only assumption about the trees is that each sum is a finite float32: reading every leaf would make the start slow,
and is part of the gate. Where it does not hold the server answers 500 (handlers.py).
"""

import numpy as np

from model.bundle.folder import MANIFEST, RETRAIN
from model.bundle.manifest import BundleManifest
from model.bundle.margin_range import Reach, of_model
from model.errors import BundleError, Problem

LARGEST = float(np.finfo(np.float32).max)
TREES = Reach(-LARGEST, LARGEST)


def refuse_unbounded(manifest: BundleManifest) -> None:
    """Raises BundleError when an accepted row could get no finite probability."""
    fitted, log_odds = of_model(manifest, TREES)
    if not (fitted.is_finite and log_odds.is_finite):
        problem = f"gives log odds from {log_odds.low:g} to {log_odds.high:g} for rows that callers may send"
        raise BundleError(Problem(f"{MANIFEST} linear, sampling, calibration", problem, RETRAIN, "answer-unbounded"))
