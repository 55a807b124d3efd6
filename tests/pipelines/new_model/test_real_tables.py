"""Public tables get a spec that runs."""

import pytest

from model.errors import KamadoError
from model.spec.reader import read_spec
from pipelines.new_model.find_table import find_table
from pipelines.new_model.make import draft_of, write
from tests.pipelines.new_model.tables import TODAY
from tests.shared import shared
from tests.test_examples import run

SETS = {
    "shoppers": ("online_shoppers/online_shoppers_intention.csv.gz", "Revenue", "random", {"PageValues"}),
    "bank": ("bank_marketing/bank_additional_full.csv.gz", "y", "random", {"duration"}),
    "renthop": (
        "renthop_dev/renthop_dev_until_0613.csv.gz", "inquiry", "time",
        {"place_id", "interest_level", "inquiry_high"},
    ),
    "telco": ("telco_churn/telco_customer_churn.csv.gz", "Churn", "random", set()),
    "visits": ("hillstrom_email/hillstrom.csv.gz", "visit", "random", {"conversion", "spend"}),
    "conversions": ("hillstrom_email/hillstrom.csv.gz", "conversion", "random", {"visit", "spend"}),
    "searches": (
        "expedia_small/expedia_first1000_lists.csv.gz", "click_bool", "time",
        {"booking_bool", "gross_bookings_usd", "comp1_rate", "comp1_inv", "comp1_rate_percent_diff"},
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", SETS)
def test_a_real_table_gets_a_sensible_spec(name, tmp_path):
    file, label, split, left_out = SETS[name]
    draft, _ = draft_of(name, find_table(str(shared(file))), label, today=TODAY, progress=lambda _: None)
    write(draft, tmp_path / name)
    assert draft.split.by == split
    assert set(draft.left_out) == left_out
    spec = read_spec(tmp_path / name)
    assert set(spec.features) == set(draft.features)


def test_a_list_log_without_a_property_of_its_items_is_refused():
    table = find_table(str(shared("renthop_listlog_dev/listlog.csv.gz")))
    with pytest.raises(KamadoError, match="no column that a model can learn from"):
        draft_of("clicks", table, "click", today=TODAY, progress=lambda _: None)


def test_the_spec_of_a_real_table_leads_to_a_verdict(tmp_path):
    table = find_table(str(shared("online_shoppers/online_shoppers_intention.csv.gz")))
    draft, _ = draft_of("shoppers", table, "Revenue", today=TODAY, progress=lambda _: None)
    write(draft, tmp_path / "shoppers")
    assert run(read_spec(tmp_path / "shoppers"), table.data, tmp_path) in ("promote", "hold")
