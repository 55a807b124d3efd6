"""For every rule of a verdict, changes that break it."""

from typing import Any

from hypothesis import strategies as st

from build.gate.fields.reasons import ALWAYS, MEASURED
from build.gate.fields.refit import MEASURED as REFIT_RULES
from build.gate.fields.verdict import NEEDED
from tests.build.gate.registry import (
    BEYOND_1,
    HUGE,
    NEGATIVE,
    NOT_HEX,
    STEERING,
    Draw,
    Violations,
)

VIOLATIONS = Violations()
breaks, sets = VIOLATIONS.breaks, VIOLATIONS.sets


@breaks("every text", "verdict-text")
def _verdict_text(draw: Draw, verdict: dict[str, Any]) -> None:
    target = draw(st.sampled_from(["reasons", "key", "champion", "bootstrap"]))
    text = draw(STEERING | st.integers(10_001, 12_000).map("x".__mul__))
    if target == "reasons":
        draw(st.sampled_from(verdict["reasons"]))[draw(st.sampled_from(["rule", "message", "bound"]))] = text
    elif target == "key":
        verdict[text] = 1
    else:
        verdict[target] = text


sets("format", "verdict-format", "format", st.sampled_from([0, 2, True, "1", None]))
sets("sha256", "verdict-digest", "sha256", NOT_HEX | st.just("0" * 64) | st.none())
sets(
    "verdict",
    "verdict-not-promote",
    "verdict",
    st.sampled_from(["hold", "reject", "PROMOTE", "promote ", "", True, 1, None]),
)
sets("bundle, refit.bundle", "verdict-other-bundle", "bundle", NOT_HEX | st.just("sha256:" + "0" * 64) | st.none())
sets("champion", "verdict-champion", "champion", NOT_HEX | st.integers() | st.just({}))
sets("test_rows_sha256", "verdict-rows", "test_rows_sha256", NOT_HEX | st.none() | st.integers())
CUT = {"bundle": "sha256:" + "f" * 64, "test_rows_sha256": "f" * 64, "rows": 9, "conversions": 1}
WRONG_CUTS = [{**CUT, "bundle": "f"}], [{**CUT, "rows": 0}], [{**CUT, "conversions": 0.5}], [1], [{}]
sets(
    "cuts", "verdict-cuts", "cuts", st.sampled_from([1, "x", {}, None, [CUT], *([CUT, *wrong] for wrong in WRONG_CUTS)])
)
sets("cuts.0", "verdict-cuts", "cuts", st.just([CUT, CUT]))
sets("bootstrap", "verdict-bootstrap", "bootstrap.draws", st.sampled_from([0, -1, 0.5, "1000", None, True, 10**300]))
sets("reasons", "verdict-reasons", "reasons", st.sampled_from([[], {}, None, "good", 1]))


DIGESTS = st.just("sha256:" + "f" * 64)
REFIT = {"rows": 2000, "conversions": 300, "until": None, "checked_on": "test", "metrics": {"trees": 6.0}}
sets("refit", "verdict-refit", "refit", st.sampled_from([1, "sha256:" + "f" * 64, [], {}, {**REFIT, "bundle": "f"}]))


@breaks("refit and lineage.refit_of", "verdict-refit")
def _refit_of_another(draw: Draw, verdict: dict[str, Any]) -> None:
    verdict["refit"] = {**REFIT, "bundle": draw(DIGESTS)}


@breaks("refit and reasons", "verdict-refit")
def _refit_without_reasons(draw: Draw, verdict: dict[str, Any]) -> None:
    if draw(st.booleans()):
        verdict["refit"] = {**REFIT, "bundle": draw(DIGESTS)}
    else:
        rule = draw(st.sampled_from(sorted(REFIT_RULES)))
        verdict["reasons"].append({"rule": rule, "measured": 0.0, "bound": "0", "passed": True, "message": "so"})


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
