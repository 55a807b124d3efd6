"""For every rule of the gate, any document that breaks it: well-formed, sealed, and never written by a training."""

from collections.abc import Callable
from typing import Any

from hypothesis import strategies as st

from build.gate.fields.lineage import AHEAD
from build.gate.fields.reasons import ALWAYS, MEASURED
from build.gate.fields.rule import Rule
from build.gate.fields.verdict import NEEDED
from model.text import is_control

Draw = Callable[[st.SearchStrategy[Any]], Any]
Change = Callable[[Draw, dict[str, Any]], object]
VIOLATIONS: dict[str, Change] = {}

CONTROLS = st.characters(categories=["Cc", "Cf", "Co", "Cn", "Zl", "Zp"]).filter(is_control)
STEERING = st.builds(lambda before, control, after: before + control + after, st.text("ab "), CONTROLS, st.text("ab "))
NOT_HEX = st.text(max_size=70).filter(lambda text: len(text) != 64) | st.sampled_from(["A" * 64, "g" * 64])
NEGATIVE = st.integers(-(10**18), -1)
HUGE = st.integers(10**15 + 1, 10**18)
BEYOND_1 = st.floats(1.001, 1e300)
NOT_A_MOMENT = st.sampled_from(["2026-06-31T00:00:00Z", "2026-07-01", "today", "", "2026-07-01T00:00:00+09:00"])
FAR = st.integers(2200, 9999).map(lambda year: f"{year}-01-01T00:00:00Z")


def key(rule: Rule[Any]) -> str:
    return f"{rule.field} | {rule.code}"


def breaks(field: str, code: str) -> Callable[[Change], Change]:
    def register(change: Change) -> Change:
        assert f"{field} | {code}" not in VIOLATIONS
        VIOLATIONS[f"{field} | {code}"] = change
        return change

    return register


def sets(field: str, code: str, path: str, values: st.SearchStrategy[Any]) -> None:
    """The rule is broken by each of these values at the path."""

    def change(draw: Draw, document: dict[str, Any]) -> None:
        *parents, last = path.split(".")
        holder: Any = document
        for step in parents:
            holder = holder[int(step) if step.isdecimal() else step]
        holder[last] = draw(values)

    breaks(field, code)(change)


# The manifest

sets("every text", "manifest-text", "search.kind", STEERING)
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
                {"calibration_part_log_loss": 36.0},
                {"auc": 1.01},
                {"calibration_part_rate": -0.1},
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


@breaks("lineage.start, end, cutoff", "manifest-future")
def _future(draw: Draw, manifest: dict[str, Any]) -> None:
    assert AHEAD.days < 365
    manifest["lineage"] |= dict.fromkeys(("end", "cutoff"), draw(FAR))


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
    count = draw(st.sampled_from([0, 1, 3, 5, 40]))
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
sets("trees.members", "trees-members", "trees.members", st.sampled_from([4, 5, 7, 10**300]))


@breaks("calibration.a, b, c", "calibration-unused")
def _calibration(draw: Draw, manifest: dict[str, Any]) -> None:
    unused = [{"method": "none", "a": 2.0, "c": 0.0}, {"method": "none", "a": 1.0, "c": 0.5}, {"b": 0.5}, {"b": 0.0}]
    manifest["calibration"] |= draw(st.sampled_from(unused))


# The verdict


@breaks("every text", "verdict-text")
def _verdict_text(draw: Draw, verdict: dict[str, Any]) -> None:
    place = draw(st.sampled_from(["reasons", "key", "champion", "bootstrap"]))
    text = draw(STEERING | st.integers(10_001, 12_000).map("x".__mul__))
    if place == "reasons":
        draw(st.sampled_from(verdict["reasons"]))[draw(st.sampled_from(["rule", "message", "bound"]))] = text
    elif place == "key":
        verdict[text] = 1
    else:
        verdict[place] = text


sets("sha256", "verdict-digest", "sha256", NOT_HEX | st.just("0" * 64) | st.none())
sets(
    "verdict",
    "verdict-not-promote",
    "verdict",
    st.sampled_from(["hold", "reject", "PROMOTE", "promote ", "", True, 1, None]),
)
sets("bundle", "verdict-other-bundle", "bundle", NOT_HEX | st.just("sha256:" + "0" * 64) | st.none())
sets("champion", "verdict-champion", "champion", NOT_HEX | st.integers() | st.just({}))
sets("test_rows_sha256", "verdict-rows", "test_rows_sha256", NOT_HEX | st.none() | st.integers())
sets("format", "verdict-format", "format", st.sampled_from([0, 2, True, "1", None]))
sets("bootstrap", "verdict-bootstrap", "bootstrap.draws", st.sampled_from([0, -1, 0.5, "1000", None, True, 10**300]))
sets("reasons", "verdict-reasons", "reasons", st.sampled_from([[], {}, None, "good", 1]))


@breaks("spec_sha256, sql_sha256", "verdict-other-spec")
def _spec(draw: Draw, verdict: dict[str, Any]) -> None:
    verdict[draw(st.sampled_from(["spec_sha256", "sql_sha256"]))] = draw(NOT_HEX | st.just("f" * 64) | st.none())


@breaks("reasons.*.passed", "verdict-reasons")
def _passed(draw: Draw, verdict: dict[str, Any]) -> None:
    draw(st.sampled_from(verdict["reasons"]))["passed"] = draw(st.sampled_from([False, None, 1, "true"]))


@breaks("reasons.*.rule, bound, message, measured", "verdict-reasons")
def _incomplete(draw: Draw, verdict: dict[str, Any]) -> None:
    name = draw(st.sampled_from(["rule", "bound", "message", "measured"]))
    draw(st.sampled_from(verdict["reasons"]))[name] = draw(st.sampled_from(["", "  ", None, True, []]))


@breaks("reasons.*.rule", "verdict-reasons")
def _rule_twice(draw: Draw, verdict: dict[str, Any]) -> None:
    verdict["reasons"].append(dict(draw(st.sampled_from(verdict["reasons"]))))


@breaks("reasons, together", "verdict-reasons")
def _unexplained(draw: Draw, verdict: dict[str, Any]) -> None:
    gone = draw(st.sampled_from([*ALWAYS, "beats constant"]))
    verdict["reasons"] = [reason for reason in verdict["reasons"] if reason["rule"] != gone]


@breaks("champion and reasons", "verdict-champion")
def _uncompared(draw: Draw, verdict: dict[str, Any]) -> None:
    if draw(st.booleans()):
        verdict["champion"] = None
    else:
        verdict["reasons"] = [reason for reason in verdict["reasons"] if "champion" not in reason["rule"]]


OUTSIDE = {
    "conversions": st.integers(1, 149),
    "beats constant": st.floats(-5, 0),
    "not worse than champion": st.floats(-1, -0.0051),
    "unseen categories": st.floats(0.011, 1),
    "declared directions": st.integers(1, 99),
    "size": st.integers(50_000_001, 10**12),
    "slices": st.integers(1, 9),
}


@breaks("reasons.*.measured, bound", "verdict-bound")
def _beyond(draw: Draw, verdict: dict[str, Any]) -> None:
    """The metric follows, so that the reason contradicts nothing but its own bound."""
    rule = draw(st.sampled_from(sorted(OUTSIDE)))
    value = draw(OUTSIDE[rule])
    next(reason for reason in verdict["reasons"] if reason["rule"] == rule)["measured"] = value
    if rule in MEASURED:
        verdict["metrics"][MEASURED[rule]] = value


@breaks("reasons.*.measured", "verdict-bound")
def _other_metric(draw: Draw, verdict: dict[str, Any]) -> None:
    rule = draw(st.sampled_from([reason["rule"] for reason in verdict["reasons"] if reason["rule"] in MEASURED]))
    verdict["metrics"][MEASURED[rule]] = verdict["metrics"].get(MEASURED[rule], 0.0) + draw(st.integers(1, 9))


@breaks("metrics", "verdict-metrics")
def _verdict_metrics(draw: Draw, verdict: dict[str, Any]) -> None:
    name = draw(st.sampled_from(NEEDED))
    if draw(st.booleans()):
        del verdict["metrics"][name]
    else:
        verdict["metrics"][name] = draw(st.sampled_from([None, "0.9", True, [], {}]))


@breaks("metrics.*", "verdict-range")
def _verdict_range(draw: Draw, verdict: dict[str, Any]) -> None:
    wrong = {
        "auc": BEYOND_1 | st.floats(-1e300, -0.001),
        "log_loss": st.floats(-9, -0.001) | st.floats(35.1, 1e300),
        "conversion_rate": BEYOND_1,
        "kendall_tau": BEYOND_1 | st.floats(-9, -1.01),
        "rows": st.floats(0.1, 0.9) | st.floats(10.1, 10.9) | NEGATIVE | HUGE,
        "log_loss_saving_over_champion": BEYOND_1,
        "ips_lift": st.floats(-9, -1.01),
        "attention_gini_current_order": BEYOND_1,
    }
    name = draw(st.sampled_from(sorted(wrong)))
    verdict["metrics"][name] = draw(wrong[name])


@breaks("metrics.*_low, *_high", "verdict-range")
def _verdict_interval(draw: Draw, verdict: dict[str, Any]) -> None:
    name = draw(st.sampled_from(["log_loss", "auc", "calibration_ratio"]))
    low, high = verdict["metrics"][f"{name}_low"], verdict["metrics"][f"{name}_high"]
    verdict["metrics"] |= draw(
        st.sampled_from(
            [
                {name: low * 0.99},
                {name: high * 1.01},
                {f"{name}_low": high, f"{name}_high": low},
                {f"{name}_new_low": 0.5, f"{name}_new": 0.5},
            ]
        )
    )


@breaks("metrics, together", "verdict-counts")
def _verdict_counts(draw: Draw, verdict: dict[str, Any]) -> None:
    verdict["metrics"] |= draw(
        st.sampled_from(
            [
                {"conversions": 1001.0},
                {"ess": 1000.1},
                {"lists": 10.0, "lists_with_conversion": 11.0},
                {"mean_weight": 2.0, "max_weight": 1.0},
                {"conversion_rate": 0.21},
                {"normalised_entropy": 0.7},
                {"mean_probability": 0.3},
            ]
        )
    )


@breaks("metrics.rows, conversions, trees, booster_bytes", "verdict-counts")
def _verdict_bundle(draw: Draw, verdict: dict[str, Any]) -> None:
    name = draw(st.sampled_from(["rows", "conversions", "trees", "booster_bytes"]))
    verdict["metrics"][name] += draw(st.integers(1, 100))
