"""The tree of the position has the curve's own numbers, however flat the curve is."""

import numpy as np
import pytest

from components.train.position_tree import position_tree
from model.bundle.booster import xgboost
from model.bundle.examination import ExaminationTable
from model.bundle.features import NumberFeature


@pytest.mark.parametrize("decay", [0.0, 0.0001, 0.02, 0.1, 0.75, 3.0])
@pytest.mark.parametrize("count", [2, 20, 100])
def test_each_position_has_its_own_leaf(decay, count):
    at = tuple((np.arange(1, count + 1.0) ** -decay).tolist())
    table = ExaminationTable(at=at, decay=decay, decay_se=0.1, source="made up")
    features = [NumberFeature(name="rent"), NumberFeature(name="position")]
    booster = xgboost.Booster()
    booster.load_model(bytearray(position_tree(table, "position", features)))
    position = np.array([*range(1, count + 1), count + 1, 1e6])
    rows = np.stack([np.full(len(position), 7.0), position], axis=1).astype(np.float32)
    assert booster.inplace_predict(rows, predict_type="margin") == pytest.approx(table.log_odds(position), abs=1e-6)
