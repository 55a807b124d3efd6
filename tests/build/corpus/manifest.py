"""Manifests that are well-formed, or nearly, and invalid."""

from collections.abc import Callable
from typing import Any

from model.bundle.folder import MANIFEST
from tests.build.corpus.inject import Corruption, at, text
from tests.build.tamper import forge_manifest


def manifest(name: str, code: str, change: Callable[[dict[str, Any]], object]) -> Corruption:
    return Corruption(f"manifest: {name}", code, lambda bundle: forge_manifest(bundle, change))


def resampled(document: dict[str, Any]) -> None:
    """The counts follow, so that only the golden rows can show it."""
    document["sampling"]["kept_negatives"] = 1.0
    document["lineage"]["rows"]["train"] = document["lineage"]["rows"]["train_sampled"]


def overflowing(document: dict[str, Any]) -> None:
    document["linear"]["intercept"] = 1.7e308
    document["linear"]["terms"][0]["weights"][3] = 1.7e308


def with_examination(document: dict[str, Any]) -> None:
    """Whose position the trees have learned beside the other features."""
    table = {"at": [1.0, 0.6, 0.45], "decay": 0.75, "decay_se": 0.1, "source": "lists in random order"}
    document["format"] = 3
    document["position"]["examination"] = table


MANIFESTS = [
    manifest("format 2", "manifest-format", at("", format=2)),
    manifest("format true", "manifest-format", at("", format=True)),
    manifest("an unknown key", "manifest-field", at("", code="import os")),
    manifest("features as a text", "manifest-field", at("", features="rent")),
    manifest("no feature", "manifest-field", at("", features=[])),
    manifest("model name that leaves its tag", "manifest-model", at("", model="../../latest")),
    manifest("model name too long for a tag", "manifest-model", at("", model="a" * 200)),
    manifest("other XGBoost", "library-version", at("libraries", xgboost="3.1.0")),
    manifest("no XGBoost named", "library-version", at("", libraries={})),
    manifest("no metrics", "manifest-metrics", at("", metrics={})),
    manifest("a metric that is text", "manifest-field", at("metrics", log_loss="good")),
    manifest("cut-off that is no day", "manifest-cutoff", at("lineage", cutoff="2026-02-31T00:00:00Z")),
    manifest("lineage without a digest", "manifest-lineage", at("lineage", spec_sha256="unknown")),
    manifest("a feature twice", "feature-twice", at("features.1", name="rent")),
    manifest("a feature renamed", "booster-names", at("features.1", name="area")),
    manifest("features in another order", "booster-names", lambda m: m["features"].reverse()),
    manifest("a feature without a name", "feature-name", at("features.1", name="")),
    manifest("a range upside down", "feature-range", at("features.1", minimum=91.0)),
    manifest("a category twice", "feature-categories", at("features.2", categories=["1K", "1K", "2LDK"])),
    manifest("a category less than the trees know", "tree-categories", at("features.2", categories=["1K"])),
    manifest(
        "a category more than the weights know",
        "linear-weights",
        at("features.2", categories=["1K", "1LDK", "2LDK", "3LDK"]),
    ),
    manifest("categories in another order", "golden-answer", at("features.2", categories=["2LDK", "1LDK", "1K"])),
    manifest(
        "a category declared a number",
        "booster-types",
        lambda m: m["features"].__setitem__(2, {"name": "layout", "kind": "number"}),
    ),
    manifest("position of no feature", "position-feature", at("position", feature="rank")),
    manifest("position held at 0", "manifest-field", at("position", constant=0)),
    manifest("position held elsewhere", "golden-answer", at("position", constant=10)),
    manifest("an examination curve over trees that know the position", "position-effect", with_examination),
    manifest("position forgotten", "golden-input", at("", position=None)),
    manifest("linear term of no feature", "linear-feature", at("linear.terms.0", feature="colour")),
    manifest("linear term twice", "linear-twice", lambda m: m["linear"]["terms"].append(m["linear"]["terms"][1])),
    manifest("number weighed as a category", "linear-feature", at("linear.terms.0", feature="area_m2")),
    manifest("log of a negative", "linear-range", at("linear.terms.1", low=-5.0)),
    manifest("clipped upside down", "linear-range", at("linear.terms.1", low=9e6)),
    manifest("scale of 0", "manifest-field", at("linear.terms.1", scale=0)),
    manifest("weight that overflows", "linear-range", at("linear.terms.1", weight=-1e308)),
    manifest("weight against its direction", "direction-broken", at("linear.terms.1", weight=0.1)),
    manifest("another intercept", "golden-answer", at("linear", intercept=-0.2999)),
    manifest("another sampling rate than the counts say", "manifest-counts", at("sampling", kept_negatives=1.0)),
    manifest("another sampling rate", "golden-answer", resampled),
    manifest("sampling of more than all rows", "manifest-field", at("sampling", kept_negatives=1.5)),
    manifest("parts that are finite, with a sum that is not", "log-odds-huge", overflowing),
    manifest("a calibration that may overflow", "log-odds-huge", at("calibration", a=1e308)),
    manifest("sampling without its correction", "manifest-field", at("sampling", corrected=False)),
    manifest("another calibration", "golden-answer", at("calibration", a=1.2)),
    manifest("calibration that turns the order round", "manifest-field", at("calibration", a=-1.0)),
    manifest("a bound on a column that is not given", "bounds-expression", at("bounds.0", expression="rent / floor")),
    manifest("a bound on the position", "bounds-expression", at("bounds.0", expression="position")),
    manifest("a bound that runs code", "bounds-expression", at("bounds.0", expression="__import__('os').system('id')")),
    manifest("a bound upside down", "bounds-range", at("bounds.0", min=3e5)),
    manifest("fewer trees declared", "trees-count", at("trees", trees=5)),
    manifest("another objective declared", "manifest-field", at("trees", objective="reg:squarederror")),
]


def raw_text(name: str, code: str, old: str, new: str) -> Corruption:
    return Corruption(f"manifest: {name}", code, text(MANIFEST, old, new))


# Written into the file as they stand: json.dumps would refuse, or Python's own stack would end, before the gate does.
MANIFESTS += [
    raw_text("a metric of 401 digits", "manifest-json", '"log_loss": 0.5', f'"log_loss": 1{"0" * 400}'),
    raw_text("a count of 401 digits", "manifest-json", '"calibration": 500', f'"calibration": 1{"0" * 400}'),
    raw_text(
        "a search nested 100,000 deep", "manifest-json", '"trials": 1', f'"trials": {"[" * 100_000}{"]" * 100_000}'
    ),
    raw_text("nested 900 deep", "manifest-json", '"trials": 1', f'"trials": {"[" * 900}{"]" * 900}'),
]
