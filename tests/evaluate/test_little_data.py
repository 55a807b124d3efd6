"""From rows to a verdict where there is next to nothing to learn from: an answer, never a crash."""

import numpy as np
import pytest

from artifacts.metrics import MetricsDocument
from tests.evaluate.runs import evaluated, reason
from tests.logs import log, replaced, spec_of
from tests.runs import train_into

BY_TIME = {}
AT_RANDOM = {
    "columns": {"label": "inquired"},
    "split": {"by": "random", "test_share": 0.25, "calibration_share": 0.2},
    "source": {"end": "2026-07-01"},
}
WHERE = {"spread": [3, 30, 57], "all early": [1, 2, 3], "all late": [57, 58, 59]}


@pytest.mark.case("60 rows with 3 conversions")
@pytest.mark.parametrize("where", WHERE)
@pytest.mark.parametrize("split", [BY_TIME, AT_RANDOM], ids=["by time", "at random"])
def test_sixty_rows_with_three_conversions_are_too_little_data(tmp_path, outcome, split, where):
    label = np.zeros(60, int)
    label[WHERE[where]] = 1
    spec = spec_of(**split, training__keep_negatives=0.1)
    folder = train_into(tmp_path, spec, table=replaced(log(lists=12), "inquired", label), trials=2)
    answer, verdict = evaluated(folder, spec)
    outcome(f"{answer}: {verdict.reasons[0].message}")
    assert answer == "insufficient-data"
    assert not reason(verdict, "conversions").passed
    assert "insufficient-data" in (folder / "evaluated" / "report.html").read_text("utf-8")


@pytest.mark.case("a category of 3,000 values, most of them too rare for a code of their own")
def test_a_long_tail_of_values_that_the_model_pools_does_not_hold_it(tmp_path, outcome):
    table, random = log(lists=1_500), np.random.default_rng(4)
    station = np.minimum(random.zipf(1.2, table.num_rows), 3_000)
    layout = [f"s{number}" for number in station]
    spec = spec_of(promotion={"min_conversions": 50})
    folder = train_into(tmp_path, spec, table=replaced(table, "layout", layout), trials=1)
    _, verdict = evaluated(folder, spec)
    unseen = reason(verdict, "unseen categories")
    outcome(unseen.message)
    assert unseen.passed
    assert verdict.metrics["unseen_categories"] == unseen.measured == 0
    assert "% of the test rows have a value of layout that training never saw" in unseen.message


@pytest.mark.case("a new category value in every row of the test days")
def test_a_value_that_no_pool_contains_holds_the_model_with_a_hint(tmp_path, outcome):
    table = log(lists=1_500)
    late = np.array([moment.isoformat() >= "2026-06-16" for moment in table["shown_at"].to_pylist()])
    layout = np.where(late, "castle", np.array(table["layout"].to_pylist()))
    spec = spec_of(promotion={"min_conversions": 50})
    folder = train_into(tmp_path, spec, table=replaced(table, "layout", layout), trials=1)
    answer, verdict = evaluated(folder, spec)
    unseen = reason(verdict, "unseen categories")
    outcome(f"{answer}: {unseen.message}")
    assert not unseen.passed
    assert unseen.message.startswith("100 % of the test rows have a value of layout that training never saw. Train on")
    assert MetricsDocument.read(folder / "evaluated").scalars["unseen_categories"] == 1.0
