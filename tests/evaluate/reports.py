"""A report of every outcome, from one run with as many slices and as long names as people have."""

import json
from pathlib import Path

import numpy as np
import xgboost

from model.bundle.bundle import load
from tests.evaluate.runs import evaluated, rewritten
from tests.logs import log, replaced, spec_of
from tests.runs import small_run, train_into

LONG = "W" * 90
STATIONS = (
    LONG,
    "shinjuku-sanchome / 新宿三丁目 (Marunouchi Line, Fukutoshin Line)",
    *(f"station {n}" for n in range(20)),
)
SPEC = {
    "model": "rent-conversion-of-the-whole-greater-tokyo-area",
    "features__nearest_station_by_walking_time": {"kind": "category"},
    "promotion": {
        "must_beat": ["constant", "current_order"],
        "slices": ["layout", "nearest_station_by_walking_time"],
        "min_conversions": 50,
    },
}


def reports(folder: Path) -> dict[str, str]:
    """The HTML by outcome. Trains one model."""
    spec = spec_of(**SPEC)
    table = log(lists=4_000)
    station = np.random.default_rng(3).choice(STATIONS, table.num_rows)
    run = train_into(folder / "run", spec, trials=2, table=replaced(table, "nearest_station_by_walking_time", station))
    bundle = run / "trained" / "bundle"
    linear = load(bundle).manifest.linear
    shifted = linear.model_copy(update={"intercept": linear.intercept + 3})
    cases = {
        "promote": {},
        "hold": {"champion": bundle},
        "reject": {"bundle": rewritten(run, folder / "worse", linear=shifted), "champion": bundle},
        "invalid": {"bundle": rewritten(run, folder / "nan", booster=without_numbers(bundle))},
    }
    written = {}
    for name, bundles in cases.items():
        outcome, _ = evaluated(run, spec, out=name, **bundles)
        assert outcome == name
        written[name] = (run / name / "report.html").read_text("utf-8")
    small = small_run(folder / "small")
    outcome, _ = evaluated(small)
    return {**written, outcome: (small / "evaluated" / "report.html").read_text("utf-8")}


def without_numbers(bundle: Path) -> bytes:
    """Its booster with leaves that are not numbers."""
    booster = xgboost.Booster({"nthread": 1})
    booster.load_model(bytearray(load(bundle).booster))
    model = json.loads(bytes(booster.save_raw("json")))
    for tree in model["learner"]["gradient_booster"]["model"]["trees"]:
        leaves = np.asarray(tree["left_children"]) == -1
        tree["split_conditions"] = np.where(leaves, np.nan, tree["split_conditions"]).tolist()
    damaged = xgboost.Booster({"nthread": 1})
    damaged.load_model(bytearray(json.dumps(model).encode()))
    return bytes(damaged.save_raw("ubj"))
