"""The search, the members and the refit on a cluster of two processes: the decision and the quality of one machine."""

import pytest

from artifacts.verdict import Verdict
from build.gate.gate import verify
from components.train.dask_cluster.errors import DaskError
from components.train.train import train
from model.bundle.bundle import load
from tests.evaluate.runs import evaluated
from tests.refit.runs import refitted
from tests.runs import quiet
from tests.services.dask_cluster import open_cluster

AS_ONE_MACHINE = 0.002  # AUC


def on_cluster(spec, address):
    training = spec.training.model_copy(update={"engine": "xgboost-dask", "scheduler": address})
    return spec.model_copy(update={"training": training})


def test_the_decision_is_that_of_one_machine_and_the_refit_ships(run, shipped, tmp_path):
    folder, spec = run
    alone = Verdict.read(folder / "evaluated")
    for name in ("rows", "splits"):
        (tmp_path / name).symlink_to(folder / name)
    with open_cluster() as address:
        spread, out = on_cluster(spec, address), tmp_path / "trained"
        train(spread, tmp_path / "splits", tmp_path / "rows", out, trials=1, minutes=10, threads=1, progress=quiet)
        outcome, verdict = evaluated(tmp_path, spread)
        refit = refitted(tmp_path, spread, tmp_path / "refit")
    assert load(out / "bundle").manifest.search["kind"] == "trees"
    assert 0 < abs(verdict.metrics["auc"] - alone.metrics["auc"]) <= AS_ONE_MACHINE
    assert outcome == refit.outcome == shipped.outcome == "promote"
    passed = [(reason.rule, reason.passed) for reason in refit.verdict.reasons]
    assert passed == [(reason.rule, reason.passed) for reason in shipped.verdict.reasons]
    assert verify(refit.bundle, refit.decision / "verdict.json") == []
    for bundle in (out / "bundle", refit.bundle):
        search = load(bundle).manifest.search
        assert (search["engine"], search["workers"]) == ("xgboost-dask", 2)


def test_a_refit_that_cannot_reach_its_cluster_is_refused_and_nothing_is_left(run, tmp_path):
    folder, spec = run
    with pytest.raises(DaskError, match=r"(?s)tls://127\.0\.0\.1:9.*TLS__CA_FILE") as refusal:
        refitted(folder, on_cluster(spec, "tls://127.0.0.1:9"), tmp_path)  # without certificates: refused at once
    assert not refusal.value.final
    assert list(tmp_path.iterdir()) == []
