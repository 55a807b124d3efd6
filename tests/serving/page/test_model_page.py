"""The page at `/` as the server sends it, of a bundle with hostile names."""

import base64
import hashlib
import itertools
import json
import re

import pytest

from model.bundle.golden import GoldenRow
from serving.model_info import EngineInfo
from serving.page.model_page import model_page
from serving.page.verdict import NoVerdict, ShownReason, ShownVerdict, read_verdict
from tests.serving.page.conftest import QUOTES, SCRIPT, WARDS
from tests.serving.page.document import parse


@pytest.fixture(scope="module")
def page(info, rows, hostile_bundle):
    return model_page(info, rows, read_verdict(hostile_bundle, info.digest))


@pytest.fixture(scope="module")
def document(page):
    return parse(page.html)


def section(document, name):
    """The text of the section with this heading."""
    (node,) = [each for each in document.all("section") if each.attributes["aria-labelledby"] == name]
    return node.text


def test_it_says_which_model_it_is(document, info):
    (header,) = document.all("header")
    assert document.all("h1")[0].text == "rent-conversion"
    for text in (info.digest, "inquired within 14 days", "2026-07-01", "promote", "20", "inputs: 4 numbers"):
        assert text in header.text
    links = {node.attributes["href"] for node in document.all("a")}
    assert links == {"#content", "docs", "openapi.json", "model", "metrics"}


def test_names_and_categories_stay_texts(document):
    """What closes an element, starts one or is an attribute of its own would show in the tree."""
    assert [len(document.all(tag)) for tag in ("script", "img", "b")] == [1, 0, 0]
    assert not [node for node in document.all() if any(name.startswith("on") for name in node.attributes)]
    inputs = document.all("input")
    assert QUOTES in {node.attributes["data-input"] for node in inputs}
    offered = {node.attributes["value"] for list_ in document.all("datalist") for node in list_.all("option")}
    assert set(WARDS) <= offered
    assert SCRIPT in section(document, "inputs")


@pytest.mark.parametrize("field", ["model", "label", "target"])
def test_other_texts_of_the_bundle_stay_texts(info, rows, field):
    document = parse(model_page(info.model_copy(update={field: SCRIPT}), rows, NoVerdict(SCRIPT)).html)
    assert len(document.all("script")) == 1
    assert SCRIPT in document.text


def test_texts_of_a_verdict_stay_texts(info, rows):
    reason = ShownReason(rule=SCRIPT, bound=SCRIPT, passed=False, message=SCRIPT)
    verdict = ShownVerdict(verdict=SCRIPT, reasons=(reason,), metrics={SCRIPT: 1.0}, bundle=info.digest)
    document = parse(model_page(info, rows, verdict).html)
    assert len(document.all("script")) == 1
    assert section(document, "verdict").count(SCRIPT) == 5


def test_only_its_own_style_and_script_may_run(page, document):
    policy = dict(directive.split(" ", 1) for directive in page.policy.split("; "))
    for tag in ("style", "script"):
        (node,) = document.all(tag)
        digest = base64.b64encode(hashlib.sha256(node.text.encode()).digest()).decode()
        assert policy[f"{tag}-src"] == f"'sha256-{digest}'"
    assert policy["default-src"] == policy["frame-ancestors"] == policy["base-uri"] == "'none'"
    assert policy["connect-src"] == "'self'"
    assert "unsafe" not in page.policy
    assert not [node for node in document.all() if "style" in node.attributes]


def test_it_loads_nothing_from_elsewhere(page, document):
    addresses = [
        node.attributes.get(name) for node in document.all() for name in ("src", "href") if name in node.attributes
    ]
    assert not [address for address in addresses if re.match(r"(?!data:)\w*:?//|\w+:(?!,)", address)]
    assert not re.findall(r"@import|url\(", page.html)


def test_every_field_has_a_label_a_hint_and_a_place_for_remarks(document, info):
    by_id = {node.attributes["id"]: node for node in document.all() if "id" in node.attributes}
    assert len(by_id) == len([node for node in document.all() if "id" in node.attributes])
    labels = {node.attributes["for"]: node.text for node in document.all("label")}
    inputs = document.all("input")
    assert [labels[node.attributes["id"]] for node in inputs] == [feature.name for feature in info.features]
    for node in inputs:
        hint, remark = node.attributes["aria-describedby"].split()
        assert by_id[hint].text
        assert by_id[remark].text == ""
        assert by_id[node.attributes["list"]].tag == "datalist" if "list" in node.attributes else True
    assert "example" in labels
    for name in [node.attributes["aria-labelledby"] for node in document.all("section", "form")]:
        assert by_id[name].tag == "h2"


def test_headings_have_an_order(document):
    levels = [int(node.tag[1]) for node in document.all("h1", "h2", "h3")]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(later - earlier <= 1 for earlier, later in itertools.pairwise(levels))


def test_inputs_have_kind_range_direction_and_categories(document, info):
    text = section(document, "inputs")
    rent = info.features[0]
    assert f"{rent.minimum:,.10g} to {rent.maximum:,.10g}never raises the probability when it grows" in text
    assert "position is never sent: every row is scored as if shown at position 1." in text
    assert "rent / model_config50020,000" in text


@pytest.mark.parametrize(
    ("unknown", "sentence"),
    [
        ("other", "an unknown value is scored as one more category, and flagged"),
        ("missing", "an unknown value is scored as missing, and flagged"),
        ("refuse", "a request with an unknown value is refused"),
    ],
)
def test_inputs_have_what_becomes_of_unknown_values(info, rows, unknown, sentence):
    features = [info.features[4].model_copy(update={"unknown": unknown})]
    document = parse(model_page(info.model_copy(update={"features": features}), rows, NoVerdict("")).html)
    assert sentence in section(document, "inputs")


@pytest.mark.parametrize(
    ("engine", "reason", "text"),
    [("kernel", None, "engine" + "kernel"), ("xgboost", "no library", "engine: no library" + "xgboost")],
)
def test_it_says_which_engine_computes_and_why_not_the_kernel(info, rows, engine, reason, text):
    other = info.model_copy(update={"engine": EngineInfo(name=engine, reason=reason)})
    assert text in parse(model_page(other, rows, NoVerdict("")).html).all("header")[0].text


def test_many_categories_are_folded(info, rows):
    categories = tuple(f"ward {index}" for index in range(40))
    features = [info.features[4].model_copy(update={"categories": categories})]
    document = parse(model_page(info.model_copy(update={"features": features}), rows, NoVerdict("")).html)
    assert any("40 categories" in node.text and "ward 39" in node.text for node in document.all("details"))


def test_it_says_where_each_number_was_measured(document):
    text = section(document, "verdict")
    assert "Measured on the test split" in text
    assert "Measured in training on the calibration split" in text
    assert "0.71AUC, 0.69 to 0.73" in text or "AUC, 0.69 to 0.730.71" in text


def test_without_a_verdict_it_says_why(info, rows):
    text = section(parse(model_page(info, rows, NoVerdict("There is none.")).html), "verdict")
    assert "There is none. The metrics below are the bundle's own." in text
    assert "Measured on the test split" not in text


def test_examples_are_golden_rows_over_the_range_and_the_unusual_ones(document, rows):
    options = document.all("select")[0].all("option")
    for option in options:
        row = rows[int(option.attributes["value"])]
        stored = GoldenRow(
            input=json.loads(option.attributes["data-row"]),
            probability=json.loads(option.attributes["data-probability"]),
        )
        assert stored == row
    usual = [float(option.attributes["data-probability"]) for option in options if option.text.count("·") == 1]
    assert usual == sorted(usual)
    assert len(usual) == 7
    assert any(f"unknown {QUOTES}" in option.text for option in options)
    assert any("6 not known" in option.text for option in options)
    assert len([option for option in options if "selected" in option.attributes]) == 1
