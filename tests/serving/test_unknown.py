"""Unknown categories: scored as one more category, scored as missing, or refused, as each feature says."""

import dataclasses
import json

import numpy as np
import pytest

from build.gate.golden import row_problems
from build.image.smoke_test.http_client import HttpResponse
from build.image.smoke_test.test_cases import cases_of, problems_of
from model.bundle.bundle import load
from model.bundle.predictor import Predictor
from serving.errors import RequestError
from serving.oip.request import InferenceReader
from serving.parse import RequestParser
from serving.score import Scorer, load_and_verify
from serving.types import row_type
from tests.bundles import odd_names_design, write_bundle
from tests.serving.oip.conftest import tensors
from tests.serving.process import running

POLICY = {"json": "missing", "columns": "refuse"}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    design = odd_names_design()
    features = [
        feature.model_copy(update={"unknown": POLICY[feature.name]}) if feature.name in POLICY else feature
        for feature in design.features
    ]
    known = [row for row in design.inputs if row["columns"] in ("1K", "1LDK", None)]
    inputs = [*known, *known, {**known[0], "json": "Atlantis"}]
    design = dataclasses.replace(design, features=tuple(features), inputs=inputs)
    return write_bundle(tmp_path_factory.mktemp("unknown") / "bundle", design)


@pytest.fixture(scope="module")
def bundle(folder):
    return load(folder)


@pytest.fixture(scope="module")
def parser(bundle):
    return RequestParser(bundle.manifest, max_rows=100)


@pytest.fixture(scope="module")
def row(bundle):
    return next(row.input for row in bundle.golden if None not in row.input.values())


@pytest.mark.parametrize("engine", ["auto", "xgboost"])
def test_an_unknown_category_is_scored_as_missing_and_flagged(bundle, parser, row, engine):
    predictor = Predictor(bundle, engine=engine)
    scorer = Scorer(predictor)
    unknown, missing = (scorer.score(parser.row(json.dumps({**row, "json": value}).encode())) for value in ("x", None))
    assert unknown.probability == missing.probability
    assert (unknown.unknown_categories, missing.unknown_categories) == ({"json": [0]}, {})
    matrix = predictor.encode({name: [value] for name, value in {**row, "json": "x"}.items()})
    assert np.isnan(matrix[0, predictor.manifest.names.index("json")])
    assert predictor.probability(matrix) == unknown.probability


def test_an_unknown_category_is_refused_with_the_known_one_like_it(parser, row):
    bodies = {
        "columns": lambda value: {**row, "columns": value},
        "columns.columns[1]": lambda value: {
            "columns": {key: [row[key], {**row, "columns": value}[key]] for key in row}
        },
        "rows[1].columns": lambda value: {"rows": [row, {**row, "columns": value}]},
    }
    hints = {"1LKD": "Did you mean 1LDK?", "?": "Send one that /model lists, or null when it is not known"}
    for where, body in bodies.items():
        read = parser.row if where == "columns" else parser.batch
        read(json.dumps(body(None)).encode())
        for value, hint in hints.items():
            with pytest.raises(RequestError) as refusal:
                read(json.dumps(body(value)).encode())
            (problem,) = refusal.value.problems
            assert (problem.where, problem.code, problem.hint) == (where, "category", hint)
            assert problem.problem == f'is "{value}", which training did not know'
        with pytest.raises(RequestError) as refusal:
            read(json.dumps(body(3)).encode())
        assert [problem.code for problem in refusal.value.problems] == ["text"]


@pytest.mark.parametrize("form", ["data", "parameters"])
def test_the_inference_protocol_refuses_it_in_both_of_its_ways_to_read(bundle, row, form):
    reader = InferenceReader(bundle.manifest, bundle.digest, max_rows=100)
    body = tensors([row, {**row, "columns": "?"}])
    if form == "parameters":  # which are not in the plain form
        body["inputs"][0]["parameters"] = {}
    with pytest.raises(RequestError) as refusal:
        reader.read(json.dumps(body).encode(), None)
    assert [(problem.where, problem.code) for problem in refusal.value.problems] == [("columns[1]", "category")]


@pytest.mark.parametrize("engine", ["auto", "xgboost"])
def test_contributions_of_an_unknown_category_are_those_of_a_missing_one(bundle, parser, row, engine):
    scorer = Scorer(Predictor(bundle, engine=engine))
    unknown, missing = (parser.row(json.dumps({**row, "json": value}).encode()) for value in ("x", None))
    assert scorer.explain(unknown) == scorer.explain(missing)
    assert scorer.explain(unknown).margin == scorer.score(unknown).margin[0]


def test_the_types_list_the_categories_of_such_an_input(bundle):
    properties = row_type(bundle.manifest).model_json_schema()["properties"]
    assert properties["columns"]["enum"] == ["1K", "1LDK", None]
    assert "Others are refused." in properties["columns"]["description"]
    assert "Others are scored as missing, and flagged." in properties["json"]["description"]


def test_the_smoke_test_of_an_image_knows_what_each_feature_says(folder, bundle, http):
    cases = [case for case in cases_of(bundle) if not case.name.startswith("golden")]
    with running(folder) as server:
        replies = [http.request(case.method, server.url + case.path, data=case.body, timeout=30) for case in cases]
    answers = [HttpResponse(reply.status_code, reply.text) for reply in replies]
    assert [*problems_of(cases, answers)] == []
    assert [answer.status for case, answer in zip(cases, answers, strict=True) if "unseen" in case.name] == [200, 422]


def test_golden_rows_have_no_category_that_the_server_refuses(folder, bundle):
    assert load_and_verify(folder).scorer.predictor.manifest == bundle.manifest
    assert not [problem for problem in row_problems(bundle.golden, bundle.manifest) if "'columns'" in problem.where]
    unseen = bundle.golden[0].model_copy(update={"input": {**bundle.golden[0].input, "columns": "9LDK"}})
    golden = (*bundle.golden, unseen)
    (problem,) = [problem for problem in row_problems(golden, bundle.manifest) if "'columns'" in problem.where]
    assert problem.code == "golden-edges"
    assert problem.problem == "has a golden row with an unseen category, which a server refuses"
