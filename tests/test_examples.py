"""Every example spec runs on its real data set, where that is there: to a verdict, with a report and a sound bundle."""

import json

import pytest

from build.gate.gate import verify
from components.evaluate.evaluate import evaluate
from components.evaluate.inputs import InputFolders
from components.extract.extract import extract
from components.extract.window import window
from components.preprocess.preprocess import preprocess
from components.train.train import train
from examples.rental_portal.simulate import Portal, simulate
from model.spec.reader import read_spec
from pipelines.compile import ROOT
from tests.runs import quiet
from tests.shared import shared

DATA = {
    "renthop": "renthop_dev",
    "renthop_listlog": "renthop_listlog_dev",
    "bank_marketing": "bank_marketing",
    "online_shoppers": "online_shoppers",
    "telco_churn": "telco_churn",
    "hillstrom_email": "hillstrom_email",
}


def run(spec, data, folder, trials=2):
    """The verdict with the fewest folds, which only average more models of one setting, and a part of the negatives."""
    training = spec.training.model_copy(update={"folds": 2, "keep_negatives": 0.2})
    spec = spec.model_copy(update={"training": training})
    extract(spec, f"duckdb:{data}", window(spec, str(spec.source.end)), folder / "rows", progress=quiet)
    preprocess(spec, folder / "rows", folder / "splits", progress=quiet)
    train(
        spec,
        folder / "splits",
        folder / "rows",
        folder / "trained",
        trials=trials,
        minutes=5,
        threads=1,
        progress=quiet,
    )
    folders = InputFolders(folder / "trained" / "bundle", folder / "splits", folder / "trained", folder / "rows")
    return evaluate(spec, folders, folder / "evaluated", progress=quiet)


@pytest.mark.parametrize("name", DATA)
def test_an_example_comes_to_a_verdict_on_its_real_data(name, tmp_path):
    verdict = run(read_spec(ROOT / "examples" / name), shared(DATA[name]), tmp_path)
    assert verdict in ("promote", "hold")
    assert verify(tmp_path / "trained" / "bundle", None) == []
    page = (tmp_path / "evaluated" / "report.html").read_text("utf-8")
    assert verdict in page
    assert len(page) < 500_000
    rejections = json.loads((tmp_path / "splits" / "rejections.json").read_text())
    assert rejections["rejected_share"] <= rejections["budget"]


def test_the_portal_of_the_readme_is_promoted(tmp_path):
    """By its own spec and promotion rules, on the fewest of its simulated lists that let it."""
    simulate(Portal(lists=12_000), tmp_path / "portal", progress=quiet)
    verdict = run(read_spec(ROOT / "examples" / "rental_portal"), tmp_path / "portal" / "data", tmp_path, trials=2)
    assert verdict == "promote"
    assert verify(tmp_path / "trained" / "bundle", tmp_path / "evaluated" / "verdict.json") == []


def test_the_length_of_a_call_is_known_only_after_it_and_is_noticed(tmp_path):
    spec = read_spec(ROOT / "examples" / "bank_marketing")
    leaking = {**spec.model_dump(mode="json"), "columns": {"label": "subscribed", "time": "called_at"}}
    leaking["features"]["duration"] = {"kind": "number"}
    spec = type(spec).model_validate(leaking)
    extract(spec, f"duckdb:{shared('bank_marketing')}", window(spec, "2010-11-30"), tmp_path / "rows", progress=quiet)
    preprocess(spec, tmp_path / "rows", tmp_path / "splits", progress=quiet)
    warnings = json.loads((tmp_path / "splits" / "rejections.json").read_text())["warnings"]
    assert any(warning.startswith("features.duration alone has AUC 0.") for warning in warnings)


@pytest.mark.parametrize("name", [*DATA, "rental_portal"])
def test_an_example_says_where_its_rows_come_from(name):
    """Source, licence and columns, in the comment before the first key."""
    comment, _, _ = (ROOT / "examples" / name / "spec.yaml").read_text("utf-8").partition("\nmodel:")
    for word in ("Source: ", "licence", "Table"):
        assert word.lower() in comment.lower(), word


def test_every_example_has_a_readable_spec_and_no_rows():
    folders = [path for path in (ROOT / "examples").iterdir() if (path / "spec.yaml").exists()]
    assert len(folders) == len(DATA) + 1
    for folder in folders:
        assert read_spec(folder).sql_text.strip()
        kinds = {path.suffix for path in folder.rglob("*") if path.is_file() and "__pycache__" not in path.parts}
        assert kinds <= {".yaml", ".sql", ".py"}
