"""Every rule of the gate, broken in many ways by well-formed documents."""

import json
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from artifacts.checksum import CHECKSUM, with_checksum
from build.gate.fields import manifest, verdict
from build.gate.fields.manifest import manifest_problems
from build.gate.fields.page import NAME, page
from build.gate.fields.rule import CheckedElsewhere, rules_of
from build.gate.verdict import verdict_problems
from build.gate.worker import check
from model.bundle.bundle import load
from model.bundle.folder import MANIFEST, bundle_digest
from model.bundle.manifest import parse_manifest
from model.bundle.predictor import XGBOOST
from model.errors import Problem, Problems
from tests.build.corrupt import CORPUS
from tests.build.gate import manifest_violations, verdict_violations
from tests.build.gate.registry import key
from tests.build.tamper import forge_manifest
from tests.verdicts import promoting

ROOT = Path(__file__).resolve().parents[3]
MANY = settings(
    max_examples=25, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
VIOLATIONS = {**manifest_violations.VIOLATIONS, **verdict_violations.VIOLATIONS}
MANIFEST_RULES, VERDICT_RULES = rules_of(manifest.TABLE), rules_of(verdict.TABLE)


def of_manifest(document) -> list[Problem]:
    """Problems of a manifest that its reader accepts."""
    invalid = Problems()
    parsed = parse_manifest(json.dumps(document).encode(), invalid)
    assert invalid.items == []
    return manifest_problems(parsed, version=XGBOOST)


def of_verdict(document, valid_bundle) -> list[Problem]:
    return verdict_problems(
        json.dumps(document).encode(), digest=bundle_digest(valid_bundle), manifest=load(valid_bundle).manifest
    )


def test_every_rule_has_its_violations_and_every_violation_its_rule():
    assert sorted(VIOLATIONS) == sorted(key(rule) for rule in (*MANIFEST_RULES, *VERDICT_RULES))


def test_what_is_checked_elsewhere_is_in_the_corpus():
    codes = {row.code for row in (*manifest.TABLE, *verdict.TABLE) if isinstance(row, CheckedElsewhere)}
    assert codes <= {corruption.code for corruption in CORPUS}


def test_the_page_is_what_the_rules_write():
    assert (ROOT / "docs" / NAME).read_bytes() == page()


@pytest.mark.parametrize("rule", MANIFEST_RULES, ids=key)
def test_a_manifest_that_breaks_a_rule_is_refused_with_its_code(rule, valid_bundle):
    valid = (valid_bundle / MANIFEST).read_bytes()

    @MANY
    @given(data=st.data())
    def refused(data):
        document = json.loads(valid)
        VIOLATIONS[key(rule)](data.draw, document)
        problems = of_manifest(document)
        assert rule.code in {problem.code for problem in problems}
        assert all(len(str(problem)) < 2_000 for problem in problems)

    assert of_manifest(json.loads(valid)) == []
    refused()


@pytest.mark.parametrize("rule", VERDICT_RULES, ids=key)
def test_a_verdict_that_breaks_a_rule_is_refused_with_its_code_although_its_checksum_is_right(rule, valid_bundle):
    valid = promoting(load(valid_bundle))

    @MANY
    @given(data=st.data())
    def refused(data):
        document = json.loads(json.dumps(valid))
        VIOLATIONS[key(rule)](data.draw, document)
        problems = of_verdict(document if rule.field == CHECKSUM else with_checksum(document), valid_bundle)
        assert rule.code in {problem.code for problem in problems}
        assert all(len(str(problem)) < 2_000 for problem in problems)

    assert of_verdict(with_checksum(valid), valid_bundle) == []
    refused()


FORGED_MANIFESTS = {
    "more conversions than rows": lambda m: m["lineage"]["positives"].update(train=10**6),
    "a part of fewer than no rows": lambda m: m["lineage"]["rows"].update(test=-5),
    "more rows taken into training than there are": lambda m: m["lineage"]["rows"].update(train_sampled=10**6),
    "a window that ends before it starts": lambda m: m["lineage"].update(start="2026-07-02T00:00:00Z"),
    "a window in the year 2300": lambda m: m["lineage"].update(
        end="2300-01-01T00:00:00Z", cutoff="2300-01-01T00:00:00Z"
    ),
    "rows younger than their window": lambda m: m["lineage"].update(cutoff="2026-07-09T00:00:00Z"),
    "a metric out of its range": lambda m: m["metrics"].update(auc=1.7),
    "a metric out of its interval": lambda m: m["metrics"].update(log_loss_low=0.6, log_loss_high=0.7),
    "a conversion window of -3 days": lambda m: m.update(conversion_days=-3),
    "an input that is the answer": lambda m: m.update(label="rent"),
    "a position of 10**400": lambda m: m["position"].update(constant=10**300),
    "a position outside of training": lambda m: m["position"].update(constant=500),
    "an escape sequence in a text": lambda m: m["search"].update(kind="\x1b]0;owned\x07"),
    "letters in another order in a rule's name": lambda m: m["bounds"][0].update(name="\u202etner"),
    "a rejection bound without ends": lambda m: m["bounds"][0].update(min=None, max=None),
    "half a range": lambda m: m["features"][0].update(minimum=None),
    "seven members of six trees": lambda m: m["trees"].update(members=[1] * 7),
    "a calibration that its method does not use": lambda m: m["calibration"].update(b=0.2),
    "a search of no trials": lambda m: m["search"].update(trials=0),
}
FORGED_VERDICTS = {
    "more conversions than test rows": lambda v: v["metrics"].update(conversions=2000.0),
    "other test rows than the bundle's": lambda v: v["metrics"].update(rows=1001.0),
    "a booster of another size": lambda v: v["metrics"].update(booster_bytes=1.0),
    "an AUC of 1.7": lambda v: v["metrics"].update(auc=1.7),
    "an AUC outside its interval": lambda v: v["metrics"].update(auc=0.9),
    "a negative log loss": lambda v: v["metrics"].update(log_loss=-0.1),
    "reasons without words": lambda v: v["reasons"][0].update(message=""),
    "a reason that is empty": lambda v: v["reasons"].append({"passed": True}),
    "a reason that passed against its own bound": lambda v: v["reasons"][4].update(bound="<= 0.01 %"),
    "a reason that measured something else than the metrics": lambda v: v["reasons"][3].update(measured=1.0),
    "a champion that nothing was compared with": lambda v: v.update(champion=None),
    "one reason, made up": lambda v: v.update(reasons=v["reasons"][1:2]),
    "a champion that is the model itself": lambda v: v.update(champion=v["bundle"]),
    "a line break in a reason": lambda v: v["reasons"][0].update(message="good\n  [ok] all is well"),
    "no metric that any verdict needs": lambda v: v.update(metrics={"auc": 0.7}),
    "a bootstrap of no draws": lambda v: v["bootstrap"].update(draws=0),
}


@pytest.mark.case("a manifest that no training can have written")
@pytest.mark.parametrize("name", FORGED_MANIFESTS)
def test_a_forged_manifest_is_refused_by_the_whole_gate(name, bundle, outcome):
    forge_manifest(bundle, FORGED_MANIFESTS[name])
    (problem, *_) = [result for result in check(bundle, None) if isinstance(result, Problem)]
    outcome(problem)


@pytest.mark.case("a verdict that no evaluation can have written, with its checksum")
@pytest.mark.parametrize("name", FORGED_VERDICTS)
def test_a_forged_verdict_is_refused(name, valid_bundle, outcome):
    document = promoting(load(valid_bundle))
    FORGED_VERDICTS[name](document)
    (problem, *_) = of_verdict(with_checksum(document), valid_bundle)
    outcome(problem)


def test_values_of_categories_are_data_and_may_hold_anything(valid_bundle):
    document = json.loads((valid_bundle / MANIFEST).read_bytes())
    document["features"][2]["categories"] = ["1K\t", "\x1b[1m", "\u202e"]
    assert of_manifest(document) == []


@pytest.mark.parametrize(
    ("measured", "bound"),
    [
        (1233.6, ">= 1,234"),
        (0.01004, "<= 1.00 %"),
        (0.0, "<= 0 days"),
        (2.0, ">= 2"),
        (0.0001, "interval above 0"),
        (-0.005, "not significantly above 0, and <= 2.00 %"),
        (0.0, "interval above -1.00 %, value >= 0"),
        (0.02, "interval above -2.5 %, value >= 0"),
        (50_000_000.0, "<= 50,000,000"),
    ],
)
def test_a_bound_is_read_as_people_read_it_rounding_allowed(measured, bound, valid_bundle):
    document = promoting(load(valid_bundle))
    document["reasons"].append({"rule": "r", "measured": measured, "bound": bound, "passed": True, "message": "so"})
    assert of_verdict(with_checksum(document), valid_bundle) == []
