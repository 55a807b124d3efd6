"""Every possible input has a finite probability: the bound is a proof, and real scores lie within it."""

import math

import numpy as np
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from build.gate.booster import check_booster
from build.gate.worker import check
from model.booster import ubjson
from model.bundle.bundle import Bundle, load
from model.bundle.features import LAST
from model.bundle.folder import BOOSTER
from model.bundle.margin_range import MOST_LOG_ODDS, of_model
from model.bundle.predictor import XGBOOST, Predictor
from model.errors import Problem
from tests.build.tamper import forge_manifest
from tests.bundles import LAYOUTS

NUMBERS = [None, math.inf, -math.inf, 1e308, -1e308, LAST, -LAST, 0.0, 9e5, 1e4, 5e-324]
CATEGORIES = [*LAYOUTS, "castle", "", None]
COLUMNS = {
    "rent": [number for number in NUMBERS for _ in CATEGORIES],
    "area_m2": [NUMBERS[::-1][row // len(CATEGORIES)] for row in range(len(NUMBERS) * len(CATEGORIES))],
    "layout": CATEGORIES * len(NUMBERS),
}
# Each part of these is finite; their sum is not, or gives no usable probability.
OVERFLOWS = {
    "intercept and a category": lambda m: (m["linear"].update(intercept=1.7e308), weigh(m, 2, 1.7e308)),
    "intercept and the unseen category": lambda m: (m["linear"].update(intercept=1.7e308), weigh(m, 3, 1.7e308)),
    "intercept and the missing category": lambda m: (m["linear"].update(intercept=-1.7e308), lost(m, 0, -1.7e308)),
    "missing number against missing category": lambda m: (lost(m, 0, 1.7e308), lost(m, 1, 1.7e308)),
    "a number beyond every training row": lambda m: m["linear"]["terms"][1].update(
        transform="identity", high=1e300, weight=-1e290
    ),
    "a slope of the calibration": lambda m: m["calibration"].update(a=1e308),
    "slope and intercept of the calibration": lambda m: m["calibration"].update(a=1e300, c=-1e308),
    "a number that is clipped nowhere": lambda m: m["linear"]["terms"][1].update(transform="identity", high=1e30),
}


def weigh(manifest, code, weight):
    manifest["linear"]["terms"][0]["weights"][code] = weight


def lost(manifest, term, weight):
    manifest["linear"]["terms"][term]["missing"] = weight


@pytest.mark.case("a manifest whose parts are finite and whose sum is not")
@pytest.mark.parametrize("name", OVERFLOWS)
def test_a_model_that_may_overflow_is_refused(name, bundle, outcome):
    forge_manifest(bundle, OVERFLOWS[name])
    problems = [result for result in check(bundle, None) if isinstance(result, Problem)]
    assert "log-odds-huge" in {problem.code for problem in problems}
    outcome(next(problem for problem in problems if problem.code == "log-odds-huge"))


ANY = st.floats(allow_nan=False, allow_infinity=False)
USUAL = st.floats(-1e5, 1e5)


@settings(max_examples=200, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
@given(data=st.data(), number=st.sampled_from([ANY, USUAL]))
def test_whatever_passes_answers_every_input_with_a_probability_within_its_bound(data, number, valid_bundle):
    loaded = load(valid_bundle)
    category, term = loaded.manifest.linear.terms
    low, high = sorted([data.draw(number), data.draw(number)])
    transform = data.draw(st.sampled_from(["identity", "log1p"])) if low > -1 else "identity"
    weights = tuple(data.draw(number) for _ in category.weights)
    category = category.model_copy(update={"weights": weights, "missing": data.draw(number)})
    parts = {name: data.draw(number) for name in ("center", "weight", "missing")}
    scale = abs(data.draw(number)) or 1.0
    term = term.model_copy(update={**parts, "low": low, "high": high, "scale": scale, "transform": transform})
    linear = loaded.manifest.linear.model_copy(update={"intercept": data.draw(number), "terms": (category, term)})
    calibration = loaded.manifest.calibration.model_copy(
        update={
            "method": data.draw(st.sampled_from(["none", "platt", "beta"])),
            **{name: abs(data.draw(number)) for name in "ab"},
            "c": data.draw(number),
        }
    )
    manifest = loaded.manifest.model_copy(update={"linear": linear, "calibration": calibration})
    fitted, calibrated = of_model(
        manifest, check_booster(ubjson.parse(loaded.booster), manifest, version=XGBOOST).trees
    )
    assume(fitted.largest <= MOST_LOG_ODDS and calibrated.largest <= MOST_LOG_ODDS)
    predictor = Predictor(Bundle(manifest, loaded.booster, (), ""))
    matrix = predictor.encode(COLUMNS)
    margin, probability = predictor.margin(matrix), predictor.probability(matrix)
    slack = 1e-6 * max(1.0, fitted.largest)
    assert np.all((margin >= fitted.low - slack) & (margin <= fitted.high + slack))
    assert np.all((probability >= 0) & (probability <= 1))


def test_a_valid_bundle_reaches_no_further_than_its_golden_rows_suggest(valid_bundle):
    loaded = load(valid_bundle)
    trees = check_booster(ubjson.parse((valid_bundle / BOOSTER).read_bytes()), loaded.manifest, version=XGBOOST).trees
    fitted, calibrated = of_model(loaded.manifest, trees)
    assert fitted.largest < 20
    assert calibrated.largest < 20
