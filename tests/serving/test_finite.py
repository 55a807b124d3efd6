"""A row without a finite probability: the server does not start, or answers 500 and counts it."""

import shutil

import numpy as np
import pytest
import requests
import xgboost

from model.bundle.bundle import load, write
from model.bundle.calibration import Calibration
from model.bundle.features import encode
from model.bundle.linear import CategoryTerm, Linear, NumberTerm
from model.errors import BundleError
from serving.finite_check import refuse_unbounded
from serving.score import load_and_verify
from tests.build.tamper import forge_booster
from tests.serving.process import running


def term(feature, **changes):
    return NumberTerm(feature=feature, **({"low": 0, "high": 1e6, "center": 0, "scale": 1, "weight": 1} | changes))


HUGE = term("rent", high=1e300, weight=1e300)
UNBOUNDED = {
    "a term that overflows": Linear(intercept=0, terms=(HUGE,)),
    "terms that cancel out as infinities": Linear(intercept=0, terms=(HUGE, term("class", high=1e300, weight=-1e300))),
    "terms that are finite and whose sum is not": Linear(
        intercept=1.7e308, terms=(CategoryTerm(feature="json", weights=(0, 0, 0, 0, 1.7e308)),)
    ),
    "a missing value that overflows with the rest": Linear(intercept=1.7e308, terms=(term("rent", missing=1.7e308),)),
    "the logarithm of a negative number": Linear(intercept=0, terms=(term("rent", transform="log1p", low=-5),)),
}


@pytest.mark.case("a manifest whose parts are finite and whose answers are not")
@pytest.mark.parametrize("linear", UNBOUNDED)
def test_a_model_that_cannot_guarantee_a_probability_is_refused(predictor, outcome, linear):
    manifest = predictor.manifest.model_copy(update={"linear": UNBOUNDED[linear]})
    with pytest.raises(BundleError) as refusal:
        refuse_unbounded(manifest)
    outcome(refusal.value.problems[0])
    assert [problem.code for problem in refusal.value.problems] == ["answer-unbounded"]


def test_a_calibration_that_overflows_is_refused(predictor):
    steep = Calibration(method="platt", a=1e300, c=-1e300)
    with pytest.raises(BundleError, match="answer-unbounded"):
        refuse_unbounded(predictor.manifest.model_copy(update={"calibration": steep}))


def test_ordinary_models_are_not(predictor):
    refuse_unbounded(predictor.manifest)
    for method in ("none", "platt", "beta"):
        refuse_unbounded(predictor.manifest.model_copy(update={"calibration": Calibration(method=method)}))


def test_the_server_does_not_start_with_such_a_model(bundle, tmp_path):
    """The overflow is where no golden row is: beyond a trillion in one input."""
    valid = load(bundle)
    far = term("class", low=1e12, high=1e300, center=1e12, weight=1e300)
    linear = valid.manifest.linear.model_copy(update={"terms": (*valid.manifest.linear.terms, far)})
    write(tmp_path / "b", valid.manifest.model_copy(update={"linear": linear}), valid.booster, valid.golden)
    with pytest.raises(BundleError, match="answer-unbounded"):
        load_and_verify(tmp_path / "b")


@pytest.fixture(scope="module")
def damaged(bundle, tmp_path_factory):
    """A bundle with a leaf that is NaN, which no golden row reaches, and a row that reaches it."""
    folder = shutil.copytree(bundle, tmp_path_factory.mktemp("damaged") / "bundle")
    valid = load(folder)
    rows = [row.input for row in valid.golden]
    common = [number for number, row in enumerate(rows) if not _is_rare(row)]
    booster = xgboost.Booster()
    booster.load_model(bytearray(valid.booster))
    leaves = booster.predict(_matrix(valid.manifest, rows), pred_leaf=True)
    row, tree, leaf = next(
        (rows[row], tree, int(leaves[row, tree]))
        for row in set(range(len(rows))) - set(common)
        for tree in range(leaves.shape[1])
        if leaves[row, tree] not in leaves[common, tree]
    )
    golden = tuple(valid.golden[number] for number in common)
    shutil.rmtree(folder)
    write(folder, valid.manifest, valid.booster, golden)

    def spoil(document):
        document["learner"]["gradient_booster"]["model"]["trees"][tree]["split_conditions"][leaf] = float("nan")

    forge_booster(folder, spoil)
    return folder, row, golden[0].input


def _is_rare(row):
    return row["class"] is None or row["class"] <= 3 or row["rent"] is None or row["rent"] > 1e6


def _matrix(manifest, rows):
    columns = {name: [row.get(name, 1) for row in rows] for name in manifest.names}
    features = ["c" if feature.kind == "category" else "q" for feature in manifest.features]
    return xgboost.DMatrix(
        encode(manifest.features, columns),
        feature_names=list(manifest.names),
        feature_types=features,
        enable_categorical=True,
        missing=np.nan,
    )


@pytest.mark.case("a row for which the trees give NaN")
def test_an_answer_that_is_not_finite_is_500_and_counted(damaged, outcome):
    folder, row, usual = damaged
    batch = {"columns": {name: [usual[name], row[name]] for name in row}}
    with running(folder) as server:
        single = requests.post(server.url + "/predict", json=row, timeout=30)
        many = requests.post(server.url + "/predict:batch", json=batch, timeout=30)
        good = requests.post(server.url + "/predict", json=usual, timeout=30)
        metrics = requests.get(server.url + "/metrics", timeout=30).text
    outcome(f"{single.status_code} {single.json()['problems'][0]['problem']}")
    assert (single.status_code, many.status_code, good.status_code) == (500, 500, 200)
    assert set(single.json()) == {"error", "problems"}
    assert single.json()["problems"][0]["code"] == "not-finite"
    assert many.json()["problems"][0]["problem"] == "is not a finite number for row 1"
    assert 'kamado_refused_total{code="not-finite",status="500"} 2.0\n' in metrics
    assert "kamado_rows_total 1.0\n" in metrics
