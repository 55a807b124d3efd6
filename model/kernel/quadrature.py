"""Points and weights that integrate a polynomial over [0, 1] exactly (Gauss-Legendre), the same bits on every machine.

Computed in decimal arithmetic and rounded once: the library routines for it go through eigenvalues, whose last bits
depend on the processor.
"""

import decimal
import math
from dataclasses import dataclass
from decimal import Decimal

import numpy as np
from numpy.typing import NDArray

DIGITS = 50
NEWTON_STEPS = 5  # each doubles the correct digits, and the first guess has four


@dataclass(frozen=True)
class Quadrature:
    """float64 (points,) each; the weights sum to 1. With n points polynomials of degree 2 n - 1 are exact."""

    points: NDArray[np.float64]
    weights: NDArray[np.float64]


def gauss_legendre(count: int) -> Quadrature:
    """Abramowitz and Stegun, "Handbook of Mathematical Functions", 25.4.30, moved from [-1, 1] to [0, 1]."""
    with decimal.localcontext(decimal.Context(prec=DIGITS)):
        roots = [_root(count, index) for index in range(count)]
    points, weights = zip(*roots, strict=True)
    return Quadrature(np.array(points), np.array(weights))


def _root(count: int, index: int) -> tuple[float, float]:
    """The point with this index, and its weight."""
    x = Decimal(math.cos(math.pi * (index + 0.75) / (count + 0.5)))
    for _ in range(NEWTON_STEPS):
        value, slope = _legendre(count, x)
        x -= value / slope
    _, slope = _legendre(count, x)
    return float((1 - x) / 2), float(1 / ((1 - x * x) * slope * slope))


def _legendre(degree: int, x: Decimal) -> tuple[Decimal, Decimal]:
    """The Legendre polynomial of this degree and its derivative at x."""
    before, value = Decimal(1), x
    for n in range(2, degree + 1):
        before, value = value, ((2 * n - 1) * x * value - (n - 1) * before) / n
    return value, degree * (x * value - before) / (x * x - 1)
