"""For every rule of a manifest, changes that break it."""

from typing import Any

from hypothesis import strategies as st

from build.gate.fields.lineage import AHEAD
from tests.build.gate.registry import (
    FAR,
    NEGATIVE,
    NOT_A_MOMENT,
    NOT_HEX,
    STEERING,
    Draw,
    Violations,
)

VIOLATIONS = Violations()
breaks, sets = VIOLATIONS.breaks, VIOLATIONS.sets

sets("every text", "manifest-text", "search.kind", STEERING)
sets("format", "manifest-format", "format", st.just(2))
sets("model", "manifest-model", "model", st.sampled_from(["", "A", "a_b", "a--b", "-a", "a b", "ä", "a" * 61]))
sets("label", "manifest-label", "label", st.sampled_from(["", "rent", "layout", "position"]))
sets("conversion_days", "manifest-days", "conversion_days", NEGATIVE | st.integers(36_526, 10**300))
sets("metrics", "manifest-metrics", "metrics", st.just({}))
sets("libraries.xgboost", "library-version", "libraries.xgboost", st.sampled_from(["3.1.9", "", "4.0.0", "3.2"]))
sets("libraries.*", "manifest-libraries", "libraries.numpy", st.sampled_from(["", "latest", "2 .0", "2.0;x", "v2"]))
sets(
    "lineage.cutoff",
    "manifest-cutoff",
    "lineage.cutoff",
    st.sampled_from(["2026-02-30T00:00:00Z", "1970-01-01T00:00:00Z"]),
)


@breaks("search", "manifest-search")
def _search(draw: Draw, manifest: dict[str, Any]) -> None:
    name = draw(st.sampled_from(["trials", "rounds", "seed", "log_loss"]))
    manifest["search"][name] = draw(st.sampled_from([-1, -0.5, "many", None, True, 1e17]))


@breaks("metrics.*", "manifest-metrics")
def _metrics(draw: Draw, manifest: dict[str, Any]) -> None:
    manifest["metrics"] |= draw(
        st.sampled_from(
            [
                {"log_loss": -0.1},
                {"calibration_split_log_loss": 36.0},
                {"auc": 1.01},
                {"calibration_split_rate": -0.1},
                {"log_loss_low": 0.6, "log_loss_high": 0.7},
                {"log_loss_low": 0.1},
                {"rows": 0.5},
            ]
        )
    )


@breaks("lineage.spec_sha256, sql_sha256, data_sha256", "manifest-lineage")
def _digests(draw: Draw, manifest: dict[str, Any]) -> None:
    manifest["lineage"][draw(st.sampled_from(["spec_sha256", "sql_sha256", "data_sha256"]))] = draw(NOT_HEX)


@breaks("lineage.start, end", "manifest-window")
def _window(draw: Draw, manifest: dict[str, Any]) -> None:
    end_first = {"start": "2026-07-01T00:00:00Z", "end": "2026-04-02T00:00:00Z"}
    nothing = {"start": "2026-07-01T00:00:00Z"}
    early = {"end": "2026-06-30T00:00:00Z"}
    named = st.sampled_from(["start", "end"])
    odd = st.builds(lambda name, text: {name: text}, named, NOT_A_MOMENT)
    manifest["lineage"] |= draw(st.sampled_from([end_first, nothing, early]) | odd)


@breaks("lineage.start, end, cutoff, trained_until", "manifest-future")
def _future(draw: Draw, manifest: dict[str, Any]) -> None:
    assert AHEAD.days < 365
    manifest["lineage"] |= dict.fromkeys(("end", "cutoff"), draw(FAR))


sets("lineage.trained_until", "manifest-window", "lineage.trained_until", NOT_HEX)
sets("lineage.refit_of", "manifest-lineage", "lineage.refit_of", NOT_HEX)


@breaks("lineage.rows", "manifest-counts")
def _rows(draw: Draw, manifest: dict[str, Any]) -> None:
    name = draw(st.sampled_from(["train", "calibration", "test", "train_sampled"]))
    if draw(st.booleans()):
        del manifest["lineage"]["rows"][name]
    else:
        manifest["lineage"]["rows"][name] = draw(st.integers(-(10**300), 0) | st.integers(10**15 + 1, 10**300))


@breaks("lineage.positives", "manifest-counts")
def _positives(draw: Draw, manifest: dict[str, Any]) -> None:
    name, lineage = draw(st.sampled_from(["train", "calibration", "test"])), manifest["lineage"]
    lineage["positives"][name] = draw(NEGATIVE | st.just(0) | st.integers(lineage["rows"][name], 10**18))


@breaks("lineage.rows.train_sampled", "manifest-counts")
def _sampled(draw: Draw, manifest: dict[str, Any]) -> None:
    rows = manifest["lineage"]["rows"]
    rows["train_sampled"] += draw(st.integers(1, 10**9) | st.integers(1 - rows["train_sampled"], -1))


@breaks("features.*.name", "feature-name")
def _feature_name(draw: Draw, manifest: dict[str, Any]) -> None:
    manifest["features"][1]["name"] = draw(st.just("") | STEERING)


@breaks("features.*.name", "feature-twice")
def _feature_twice(draw: Draw, manifest: dict[str, Any]) -> None:
    manifest["features"][1]["name"] = draw(st.sampled_from(["rent", "layout", "position"]))


@breaks("features.*.categories", "feature-categories")
def _categories(draw: Draw, manifest: dict[str, Any]) -> None:
    values = manifest["features"][2]["categories"]
    values.insert(draw(st.integers(0, len(values))), draw(st.sampled_from(values)))


def _statistic(manifest: dict[str, Any], **changed: Any) -> None:
    """A good one but for what is changed."""
    values = [0.5] * len(manifest["features"][2]["categories"])
    usual = {"kind": "statistic", "input": "layout", "prior": 0.3, "strength": 10, "missing": 0.0, "values": values}
    name = f"statistic {len(manifest['features'])}"
    manifest["features"].append({"name": name, **usual, **changed})
    manifest["format"] = 2


@breaks("features.*.rare", "statistic-rare")
def _rare(draw: Draw, manifest: dict[str, Any]) -> None:
    feature = manifest["features"][2]
    feature["rare"] = ["castle"]
    if draw(st.booleans()):
        _statistic(manifest, values=[0.5] * (len(feature["categories"]) + 1))
        feature["unknown"] = "refuse"


@breaks("features.*.input, values", "statistic-values")
def _values(draw: Draw, manifest: dict[str, Any]) -> None:
    other = {"input": draw(st.sampled_from(["rent", "position", "castle", ""]))}
    few, many = {"values": []}, {"values": [0.5] * draw(st.integers(4, 9))}
    _statistic(manifest, **draw(st.sampled_from([other, few, many])))


@breaks("features.*.input", "statistic-twice")
def _statistic_twice(draw: Draw, manifest: dict[str, Any]) -> None:
    for _ in range(draw(st.integers(2, 3))):
        _statistic(manifest)


@breaks("features.*.values, missing", "statistic-range")
def _statistic_range(draw: Draw, manifest: dict[str, Any]) -> None:
    far = draw(st.sampled_from([1, -1])) * draw(st.floats(40.1, 1e300))
    _statistic(manifest, **draw(st.sampled_from([{"missing": far}, {"values": [0.0, far, 0.0]}])))


@breaks("features.*.minimum, maximum", "feature-range")
def _range(draw: Draw, manifest: dict[str, Any]) -> None:
    above, below = {"minimum": draw(st.floats(91, 1e300))}, {"maximum": draw(st.floats(-1e300, 4))}
    half = {draw(st.sampled_from(["minimum", "maximum"])): None}
    manifest["features"][1] |= draw(st.sampled_from([above, below, half]))


@breaks("position.feature", "position-feature")
def _position(draw: Draw, manifest: dict[str, Any]) -> None:
    manifest["position"]["feature"] = draw(st.sampled_from(["layout", "rank", ""]))


sets("position.constant", "position-range", "position.constant", st.integers(21, 10**300))


@breaks("bounds.*.name", "bounds-name")
def _bound_name(draw: Draw, manifest: dict[str, Any]) -> None:
    bounds = manifest["bounds"]
    bounds.append({**bounds[0], "name": draw(st.sampled_from([bounds[0]["name"], ""]))})


EXPRESSIONS = ["rent / floor", "position", "layout", "1", "", "rent ** 2", "rent(1)", "f'{rent}'", "rent" + "+1" * 5000]
sets("bounds.*.expression", "bounds-expression", "bounds.0.expression", st.sampled_from(EXPRESSIONS))


@breaks("bounds.*.min, max", "bounds-range")
def _bound_ends(draw: Draw, manifest: dict[str, Any]) -> None:
    ends = st.sampled_from([{"min": None, "max": None}, {"min": 2.0, "max": 1.0}, {"min": 3e5}])
    manifest["bounds"][0] |= draw(ends)


@breaks("linear.terms.*.feature", "linear-feature")
def _term_feature(draw: Draw, manifest: dict[str, Any]) -> None:
    manifest["linear"]["terms"][1]["feature"] = draw(st.sampled_from(["colour", "", "layout"]))


@breaks("linear.terms.*.feature", "linear-twice")
def _term_twice(draw: Draw, manifest: dict[str, Any]) -> None:
    manifest["linear"]["terms"].append(draw(st.sampled_from(manifest["linear"]["terms"])))


@breaks("linear.terms.*.weights", "linear-weights")
def _weights(draw: Draw, manifest: dict[str, Any]) -> None:
    count = draw(st.sampled_from([1, 2, 3, 5, 40]))
    manifest["linear"]["terms"][0]["weights"] = [0.1] * count


@breaks("linear.terms.*.low, high, center, scale, weight", "linear-range")
def _clip(draw: Draw, manifest: dict[str, Any]) -> None:
    overflows = [
        {"weight": -1e308, "center": -100.0},
        {"scale": 1e-300, "weight": -1e10},
        {"center": 1e308, "scale": 1e-5},
    ]
    manifest["linear"]["terms"][1] |= draw(
        st.sampled_from([{"low": 1e6}, {"high": -5.0}, {"low": -1.0}, {"low": -7.5}, *overflows])
    )


sets("linear.terms.*.weight", "direction-broken", "linear.terms.1.weight", st.floats(1e-9, 1e3))
sets("trees.members", "trees-members", "trees.members", st.sampled_from([[7], [3, 2], [6, 0], [-1, 7], [10**300]]))


@breaks("calibration.a, b, c", "calibration-unused")
def _calibration(draw: Draw, manifest: dict[str, Any]) -> None:
    unused = [{"method": "none", "a": 2.0, "c": 0.0}, {"method": "none", "a": 1.0, "c": 0.5}, {"b": 0.5}, {"b": 0.0}]
    manifest["calibration"] |= draw(st.sampled_from(unused))
