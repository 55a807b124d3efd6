"""exp and log1p: as near to the truth as libraries of mathematics, and the same bits in C."""

import math
from fractions import Fraction

import numpy as np
import pytest

from model import arithmetic
from model.kernel.library import NoKernel, find_library

RANDOM = np.random.default_rng(3)
EDGES = [0.0, -0.0, math.inf, -math.inf, math.nan, 5e-324, -5e-324, 2.2e-308, 1e-17, -1e-17, 1e308, -1e308]
EXP = np.concatenate(
    [
        EDGES,
        [709.78, 709.79, -708.39, -708.5, -745.13, -745.14, 0.34657359, -0.34657359],
        RANDOM.uniform(-746, 710, 20_000),
        RANDOM.normal(size=20_000),
        RANDOM.normal(size=5_000) * 1e-9,
        np.arange(-40, 40) * math.log(2),
    ]
)
LOG1P = np.concatenate(
    [
        EDGES,
        [-1.0, -1.0000000000000002, -0.9999999999999999],
        [-0.29289321881345243, -0.2928932188134524, 0.41421356237309503, 0.41421356237309515],
        RANDOM.uniform(-1, 3, 20_000),
        RANDOM.lognormal(0, 20, 20_000),
        RANDOM.normal(size=5_000) * 1e-9,
    ]
)


@pytest.mark.parametrize(("name", "x"), [("exp", EXP), ("log1p", LOG1P)])
def test_c_computes_the_same_bits(name, x):
    library = find_library()
    if isinstance(library, NoKernel):
        pytest.skip(library.reason)
    result = np.empty_like(x)
    getattr(library.functions, f"kmd_{name}_of")(x.ctypes.data, len(x), result.ctypes.data)
    expected = getattr(arithmetic, name)(x)
    assert np.array_equal(np.isnan(result), np.isnan(expected))
    known = ~np.isnan(expected)
    assert np.array_equal(result[known].view(np.int64), expected[known].view(np.int64))


@pytest.mark.parametrize(("name", "x"), [("exp", EXP), ("log1p", LOG1P)])
def test_the_difference_to_another_library_is_at_most_a_unit_in_the_last_place(name, x):
    with np.errstate(all="ignore"):
        expected = getattr(np, name)(x)
    result = getattr(arithmetic, name)(x)
    assert np.array_equal(np.isnan(result), np.isnan(expected))
    assert np.array_equal(np.isinf(result), np.isinf(expected))
    finite = np.isfinite(expected)
    assert np.all(np.abs(result[finite] - expected[finite]) <= np.spacing(np.abs(expected[finite])))


@pytest.mark.parametrize("x", [0.1, -3.75, 20.5, 0.0001, -0.3])
def test_exp_is_within_a_unit_of_the_exact_series(x):
    exact, term = Fraction(0), Fraction(1)
    for n in range(1, 150):
        exact += term
        term *= Fraction(x) / n
    result = float(arithmetic.exp(np.array([x]))[0])
    assert abs(Fraction(result) - exact) < Fraction(math.ulp(result))


def test_the_shape_and_the_number_of_values_change_nothing():
    table = LOG1P[: 2 * 22_000].reshape(2, -1)
    for function in (arithmetic.exp, arithmetic.log1p):
        alone = np.concatenate([function(part) for part in np.array_split(table.ravel(), 9)])
        assert np.array_equal(function(table).ravel(), alone, equal_nan=True)
    assert arithmetic.exp(np.zeros((3, 0))).shape == (3, 0)


def test_log_is_the_inverse():
    for share in (1.0, 0.5, 0.1, 1e-3, 1e-12, 0.9999999):
        assert arithmetic.log(share) == pytest.approx(math.log(share), rel=1e-15, abs=1e-17)


def test_sigmoid_and_log1pexp_do_not_overflow():
    z = np.array([-1e4, -745.0, -40.0, -1.0, 0.0, 1.0, 40.0, 1e4])
    with np.errstate(all="raise", under="ignore"):
        p, soft = arithmetic.sigmoid(z), arithmetic.log1pexp(z)
    assert p[[0, 4, 7]].tolist() == [0.0, 0.5, 1.0]
    assert (np.diff(p) >= 0).all()
    np.testing.assert_allclose(soft, np.logaddexp(0.0, z), rtol=1e-15)
    assert np.isnan(arithmetic.sigmoid(np.array([math.nan]))).all()
