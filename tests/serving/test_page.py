"""docs/serving.md lists the settings, routes, flags, metrics and errors of the code."""

import ast
import re

import pytest
import requests

from serving.body_problems import MAX_PROBLEMS
from serving.metrics import BUCKETS, PHASE_BUCKETS, PROBABILITY_BUCKETS, ServerMetrics
from serving.protocol import MAX_HEAD_BYTES, REQUEST_TIME_FACTOR
from serving.settings import INT_SETTINGS, usage
from serving.types import BatchFlags, Flags
from tests.serving.process import ROOT

PAGE = (ROOT / "docs" / "serving.md").read_text("utf-8")


def rows(heading: str) -> list[list[str]]:
    """The cells of the first table under a heading."""
    section = PAGE.partition(f"\n## {heading}\n")[2].partition("\n## ")[0]
    lines = [line for line in section.splitlines() if line.startswith("| ")]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines[1:]]


def names(heading: str) -> list[str]:
    return [row[0].strip("`") for row in rows(heading)]


def test_every_setting_is_listed_with_default_range_and_description():
    listed = {row[0].strip("`"): row[1:] for row in rows("Settings")}
    assert set(listed) == set(re.findall(r"KAMADO_\w+", usage()))
    for setting in INT_SETTINGS:
        default, limits, description = listed[setting.variable]
        assert int(default.replace(",", "")) == setting.default
        assert limits == f"{setting.minimum:,} to {setting.maximum:,}"
        assert description == setting.description


def test_every_route_is_listed(server):
    listed = {name.split()[1]: name.split()[0] for name in names("Routes")}
    document = requests.get(server.url + "/openapi.json", timeout=30).json()
    described = {path: method.upper() for path, methods in document["paths"].items() for method in methods}
    assert {path: method for path, method in described.items() if not path.startswith("/v2/")}.items() <= listed.items()
    for path in set(listed) - set(described):
        assert requests.get(server.url + path, timeout=30, allow_redirects=False).status_code in (200, 307)


def _source(module: str) -> str:
    return (ROOT / "serving" / f"{module}.py").read_text("utf-8")


def test_every_flag_is_listed():
    assert set(names("Scoring")) == set(Flags.model_fields) == set(BatchFlags.model_fields)


def test_every_metric_is_listed_with_its_labels(predictor):
    text = ServerMetrics(predictor.manifest, digest=predictor.digest).text()
    listed = {row[0].strip("`"): set(re.findall(r"`(\w+)`", row[1])) for row in rows("Metrics")}
    assert list(listed) == re.findall(r"^# TYPE (\w+)", text, re.MULTILINE)
    labels = re.findall(r"^(\w+?)(?:_bucket)?{(.*)} ", text, re.MULTILINE)
    shown = {name: set(re.findall(r'(\w+)="', pairs)) - {"le"} for name, pairs in labels if name in listed}
    shown["kamado_refused_total"] = {"status", "code"}  # nothing was refused yet
    assert listed == {name: set() for name in listed} | shown


@pytest.mark.parametrize(
    ("metric", "buckets"),
    [
        ("kamado_request_seconds", BUCKETS),
        ("kamado_phase_seconds", PHASE_BUCKETS),
        ("kamado_probability", PROBABILITY_BUCKETS),
    ],
)
def test_the_buckets_of_a_histogram_are_listed(metric, buckets):
    assert f"`{metric}`: {', '.join(f'{bucket:g}' for bucket in buckets)}" in PAGE


def test_every_refusal_is_listed_with_its_codes():
    """Codes are the last argument of each Problem that a caller may get."""
    modules = ("app", "body_check", "body_problems", "errors", "limit", "parse", "protocol", "api", "handlers")
    calls = [node for module in modules for node in ast.walk(ast.parse(_source(module))) if isinstance(node, ast.Call)]
    problems = [call for call in calls if isinstance(call.func, ast.Name) and call.func.id == "Problem"]
    codes = {call.args[3].value for call in problems if isinstance(call.args[3], ast.Constant)}
    listed = {code for row in rows("Refusals") for code in re.findall(r"`([\w-]+)`", row[1])}
    assert listed == codes


def test_figures_of_the_page_are_those_of_the_code():
    assert f"more than {MAX_HEAD_BYTES:,} bytes" in PAGE
    assert f"The first {MAX_PROBLEMS} problems" in PAGE
    assert REQUEST_TIME_FACTOR == 3
    assert "three times `KAMADO_SECONDS`" in PAGE


@pytest.mark.parametrize("status", [404, 405, 408, 413, 415, 422, 431, 500, 503])
def test_statuses_are_listed(status):
    assert any(str(status) in row[0] for row in rows("Refusals"))
