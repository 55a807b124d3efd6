"""Rules in the kernel answer as `Expression.evaluate` does."""

import math

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from model.bundle.bounds import Bounds
from model.bundle.predictor import Predictor
from model.bundle.row_scorer import RowScorer
from tests.model.kernel.models import FEATURES, bundle_of

NAMES = [feature.name for feature in FEATURES[:4]]
LEAVES = st.sampled_from([*NAMES, *NAMES, "0", "2", "0.1", "1e308", "3"])
EXPRESSIONS = st.recursive(
    LEAVES,
    lambda inner: st.one_of(
        st.tuples(inner, st.sampled_from("+-*/"), inner).map(lambda parts: f"({parts[0]} {parts[1]} {parts[2]})"),
        inner.map(lambda text: f"(-{text})"),
    ),
    max_leaves=12,
).filter(lambda text: any(name in text for name in NAMES))
VALUES = st.sampled_from([math.nan, 0.0, -0.0, 1.0, -1.0, 0.1, 3.0, 1e308, -1e308, math.inf, -math.inf, 5e-324])
LIMITS = st.sampled_from([None, -1e300, -1.0, 0.0, 0.3, 1.0, 1e300])


@settings(max_examples=100)
@given(expression=EXPRESSIONS, low=LIMITS, high=LIMITS, data=st.lists(VALUES, min_size=4, max_size=24))
def test_a_rule_flags_the_rows_that_its_expression_calls_outside(library, deep_and_flat, expression, low, high, data):
    rule = Bounds(name="r", expression=expression, min=low, max=high)
    bundle = bundle_of(deep_and_flat["depth 6"], bounds=(rule,))
    rows = len(data) // 4
    values = np.zeros((rows, 8))
    values[:, :4] = np.array(data[: 4 * rows]).reshape(rows, 4)
    flags = RowScorer(Predictor(bundle, engine="kernel")).score(values).flags
    expected = rule.outside({name: values[:, index] for index, name in enumerate(NAMES)})
    assert (np.zeros(rows, bool) if flags is None else flags[:, 8]).tolist() == expected.tolist()
