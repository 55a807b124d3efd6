"""exp, log and log1p in float64 with the same bits on every machine, and the functions of scoring that need them.

Libraries of mathematics differ in the last bit, and numpy's own functions differ by processor. These use nothing but
what IEEE 754 defines to the last bit: + - * /, comparisons, truncation, and moves of the exponent. The C twin is
`model/kernel/arithmetic.h`: the same operations in the same order.

The formulas and coefficients are those of FreeBSD's msun (e_exp.c, s_log1p.c, k_log.h; Sun Microsystems 1993,
"Developed at SunSoft. Permission to use, copy, modify, and distribute this software is freely granted, provided that
this notice is preserved"). Errors are below one unit in the last place.
"""

from collections.abc import Callable

import numpy as np

from model.arrays import Floats, Ints

LN2_HIGH, LN2_LOW = 6.93147180369123816490e-01, 1.90821492927058770002e-10
INVERSE_LN2 = 1.44269504088896338700e00
P = (
    *(1.66666666666666019037e-01, -2.77777777770155933842e-03, 6.61375632143793436117e-05),
    *(-1.65339022054652515390e-06, 4.13813679705723846039e-08),
)
LG = (
    *(6.666666666666735130e-01, 3.999999999940941908e-01, 2.857142874366239149e-01, 2.222219843214978396e-01),
    *(1.818357216161805012e-01, 1.531383769920937332e-01, 1.479819860511658591e-01),
)
BLOCK = 16_384
LOWEST, HIGHEST = -760.0, 720.0  # beyond these exp is 0 and infinite
SMALL_LOW, SMALL_HIGH = -0.2928932188134524, 0.41421356237309503  # 1 + x within sqrt(1/2) and sqrt(2)
HIGH_WORD_OF_1, HIGH_WORD_OF_ROOT_HALF = 0x3FF00000 << 32, 0x3FE6A09E << 32  # high words of 1 and of sqrt(1/2)
MANTISSA = (1 << 52) - 1


def exp(x: Floats) -> Floats:
    """e to the x; 0 and infinity where the result is beyond float64, NaN for NaN."""
    return _in_blocks(_exp, x)


def log1p(x: Floats) -> Floats:
    """ln(1 + x); -infinity at -1, NaN below."""
    return _in_blocks(_log1p, x)


def _in_blocks(function: Callable[[Floats], Floats], x: Floats) -> Floats:
    """Of many values at once: each step of a block finds the one before in a cache."""
    if x.size <= BLOCK:
        return function(x)
    values = x.reshape(-1)
    result = np.empty(len(values))
    for start in range(0, len(values), BLOCK):
        result[start : start + BLOCK] = function(values[start : start + BLOCK])
    return result.reshape(x.shape)


def _exp(x: Floats) -> Floats:
    missing = np.isnan(x)
    r = np.where(missing, 0.0, np.where(x < LOWEST, LOWEST, np.where(x > HIGHEST, HIGHEST, x)))
    n = np.trunc(INVERSE_LN2 * r + np.where(r < 0, -0.5, 0.5))
    high = r - n * LN2_HIGH
    low = n * LN2_LOW
    r = high - low
    t = r * r
    c = r - t * (P[0] + t * (P[1] + t * (P[2] + t * (P[3] + t * P[4]))))
    y = 1.0 + (r * c / (2.0 - c) - low + high)
    k = n.astype(np.int64)
    half = k >> 1
    with np.errstate(over="ignore", under="ignore"):
        return np.where(missing, x, y * _power_of_2(half) * _power_of_2(k - half))


def _log1p(x: Floats) -> Floats:
    small = (x > SMALL_LOW) & (x < SMALL_HIGH)
    large = np.where((x > SMALL_LOW) & (x < np.inf), x, 1.0)
    large = np.where((x > -1.0) & (x <= SMALL_LOW), x, large)
    u = 1.0 + large
    k, f = _split(u)
    correction = np.where(k >= 2, 1.0 - (u - large), large - (u - 1.0)) / u
    correction = np.where(k < 54, correction, 0.0)
    value = _log(np.where(small, x, f), np.where(small, 0, k), np.where(small, 0.0, correction))
    value = np.where(x == np.inf, x, value)
    return np.where(x > -1.0, value, np.where(x == -1.0, -np.inf, np.nan))


def log(x: float) -> float:
    """ln(x) of a positive, normal float64."""
    k, f = _split(np.array([x], dtype=np.float64))
    return float(_log(f, k, np.zeros(1))[0])


def sigmoid(z: Floats) -> Floats:
    """1 / (1 + exp(-z)) without overflow at either end."""
    small = exp(-np.abs(z))
    return np.where(z >= 0, 1.0, small) / (1.0 + small)


def log1pexp(z: Floats) -> Floats:
    """ln(1 + exp(z)) without overflow at either end."""
    return np.where(z > 0, z, 0.0) + log1p(exp(-np.abs(z)))


def _power_of_2(k: Ints) -> Floats:
    return ((k + 1023) << 52).view(np.float64)


def _split(u: Floats) -> tuple[Ints, Floats]:
    """k and f with u = 2^k (1 + f) and 1 + f within sqrt(1/2) and sqrt(2)."""
    bits = u.view(np.int64) + (HIGH_WORD_OF_1 - HIGH_WORD_OF_ROOT_HALF)
    return (bits >> 52) - 1023, ((bits & MANTISSA) + HIGH_WORD_OF_ROOT_HALF).view(np.float64) - 1.0


def _log(f: Floats, k: Ints, correction: Floats) -> Floats:
    """ln(2^k (1 + f)) + correction."""
    half_square = 0.5 * f * f
    s = f / (2.0 + f)
    z = s * s
    w = z * z
    even = w * (LG[1] + w * (LG[3] + w * LG[5]))
    odd = z * (LG[0] + w * (LG[2] + w * (LG[4] + w * LG[6])))
    n = k.astype(np.float64)
    return s * (half_square + (odd + even)) + (n * LN2_LOW + correction) - half_square + f + n * LN2_HIGH
