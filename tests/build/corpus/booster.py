"""Boosters that XGBoost would load, or crash on, as a document."""

import os
import pickle
from collections.abc import Callable
from typing import Any

from model.bundle.folder import BOOSTER
from tests.build.corpus.inject import Corruption, at, forged
from tests.build.tamper import forge_booster


def booster(name: str, code: str, change: Callable[[dict[str, Any]], object]) -> Corruption:
    return Corruption(f"booster: {name}", code, lambda bundle: forge_booster(bundle, change))


MODEL = "learner.gradient_booster.model"
BOOSTERS = [
    Corruption("booster: 64 bytes behind the end", "booster-format", forged(BOOSTER, lambda d: d + bytes(64))),
    Corruption("booster: cut at 90 %", "booster-format", forged(BOOSTER, lambda d: d[: len(d) * 9 // 10])),
    Corruption("booster: last byte gone", "booster-format", forged(BOOSTER, lambda d: d[:-1])),
    Corruption("booster: a pickle", "booster-format", forged(BOOSTER, lambda _: pickle.dumps(os.system))),
    Corruption("booster: a script", "booster-format", forged(BOOSTER, lambda _: b"#!/bin/sh\nid\n")),
    Corruption(
        "booster: JSON instead of UBJSON",
        "booster-format",
        forged(BOOSTER, lambda _: b'{"learner": {}, "version": [3, 2, 0]}'),
    ),
    Corruption(
        "booster: nested 1,000 deep", "booster-format", forged(BOOSTER, lambda _: b"[#L\0\0\0\0\0\0\0\1" * 1000 + b"Z")
    ),
    Corruption("booster: a number where the document should be", "booster-shape", forged(BOOSTER, lambda _: b"i\1")),
    booster("version 9.9.9", "booster-version", at("", version=[9, 9, 9])),
    booster("version 1.0.0", "booster-version", at("", version=[1, 0, 0])),
    booster("version as text", "booster-version", at("", version="3.2.0")),
    booster("objective swapped", "booster-objective", at("learner.objective", name="reg:squarederror")),
    booster(
        "objective swapped for logits",
        "booster-objective",
        at("learner", objective={"name": "binary:logitraw", "reg_loss_param": {"scale_pos_weight": "1"}}),
    ),
    booster(
        "objective with other parameters",
        "booster-objective",
        at("learner", objective={"name": "rank:pairwise", "lambdarank_param": {}}),
    ),
    booster("another kind of booster", "booster-kind", at("learner.gradient_booster", name="dart")),
    booster("num_feature 3", "booster-features", at("learner.learner_model_param", num_feature="3")),
    booster("base_score 0.9", "booster-base-score", at("learner.learner_model_param", base_score="[9E-1]")),
    booster("base_score NaN", "booster-base-score", at("learner.learner_model_param", base_score="[nan]")),
    booster("three classes", "booster-outputs", at("learner.learner_model_param", num_class="3")),
    booster("a feature renamed", "booster-names", at("learner", feature_names=["rent", "area", "layout", "position"])),
    booster(
        "two features swapped", "booster-names", at("learner", feature_names=["area_m2", "rent", "layout", "position"])
    ),
    booster("names gone", "booster-names", at("learner", feature_names=[])),
    booster("types gone", "booster-types", at("learner", feature_types=[])),
    booster("an unknown key", "booster-shape", at("learner", plugin="x")),
    booster("a key gone", "booster-shape", lambda d: d["learner"].pop("attributes")),
    booster("a tree dropped", "trees-count", lambda d: d["learner"]["gradient_booster"]["model"]["trees"].pop()),
    booster("trees as text", "booster-shape", at(MODEL, trees="many")),
    booster("num_trees changed", "trees-count", at(f"{MODEL}.gbtree_model_param", num_trees="5")),
    booster("rounds out of range", "trees-count", at(MODEL, iteration_indptr=[0, 1, 2, 3, 4, 5, 99])),
    booster("rounds that are no numbers", "trees-count", at(MODEL, iteration_indptr="x")),
    booster("a tree for a second output", "booster-outputs", at(MODEL, tree_info=[0, 0, 0, 1, 0, 0])),
    booster("categories recoded", "booster-categories", at(f"{MODEL}.cats", feature_segments=[0, 3])),
    booster("an attribute that is no text", "booster-shape", at("learner", attributes={"best": 1})),
    booster(
        "parameters in another spelling", "booster-resave", at(f"{MODEL}.gbtree_model_param", num_parallel_tree="01")
    ),
]
