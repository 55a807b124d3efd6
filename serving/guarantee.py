"""Whether every row that the schema lets in gets a finite probability, found at the start without scoring any.

Each term of the linear part is monotone in its input, rounding included, so its ends are its bounds, and so are the
sums of the ends. Of the trees it is only assumed that each sum is a finite float32: reading every leaf would make
starting slow, and is what the gate does. Where that does not hold the server answers 500 (service.py).
"""

import numpy as np
from numpy.typing import NDArray

from model.bundle import MANIFEST, RETRAIN, Manifest
from model.calibration import sigmoid
from model.errors import BundleRefused, Fault
from model.linear import CategoryTerm, Linear, Term

LARGEST_TREES = float(np.finfo(np.float32).max)
NUMBER_ENDS = np.array([-np.inf, np.inf, np.nan], dtype=np.float32)  # clipped to the term's own ends; and a missing one


def refuse_unbounded(manifest: Manifest) -> None:
    """Raises BundleRefused when some admissible row would get no probability."""
    with np.errstate(all="ignore"):  # overflow is what is looked for
        margin = _linear_ends(manifest.linear) + np.array([-LARGEST_TREES, LARGEST_TREES])
        odds = manifest.calibration.apply(manifest.sampling.correct(margin))
        probability = sigmoid(odds)
    if not np.isfinite([margin, odds, probability]).all():
        found = f"gives log odds from {odds[0]:g} to {odds[1]:g} for some rows that callers may send"
        raise BundleRefused(Fault(f"{MANIFEST} linear, sampling, calibration", found, RETRAIN, "answer-unbounded"))


def _linear_ends(linear: Linear) -> NDArray[np.float64]:
    """Least and greatest sum, with the terms added in the order in which a row's are; NaN where one has no bound."""
    ends = np.full(2, linear.intercept)
    for term in linear.terms:
        values = term.margin(_every_end(term))
        ends += np.array([values.min(), values.max()])
    return ends


def _every_end(term: Term) -> NDArray[np.float32]:
    if isinstance(term, CategoryTerm):
        return np.array([*range(len(term.weights)), np.nan], dtype=np.float32)
    return NUMBER_ENDS
