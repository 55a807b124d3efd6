"""The engine on a Dask cluster, here of two processes: as good as one machine, the same bytes again, its refusals."""

import contextlib
import os
import signal

import numpy as np
import pytest

from components.evaluate.metrics.probability import auc
from components.train.dask_cluster.connect import connected
from components.train.dask_cluster.errors import DaskError
from components.train.dask_cluster.versions import PACKAGES, differences
from components.train.dask_engine import DaskEngine
from components.train.engine import FoldRows
from components.train.local_engine import LocalEngine
from components.train.row_arrays import RowStorage
from components.train.split_rows import SplitRows
from model.bundle.booster import xgboost
from model.bundle.features import CategoryFeature, NumberFeature
from tests.services.dask_cluster import open_cluster

FEATURES = (
    *(NumberFeature(name=name, direction=None, minimum=-9.0, maximum=9.0) for name in ("rent", "area", "floor")),
    CategoryFeature(name="layout", categories=tuple("01234"), unknown="other"),
)
SETTING = {"eta": 0.1, "max_depth": 5, "subsample": 0.9, "colsample_bytree": 0.8, "seed": 7}
ROWS, ROUNDS, START = 6000, 30, -0.2
AS_ONE_MACHINE = 0.002  # AUC


@pytest.fixture(scope="module")
def address():
    with open_cluster() as address:
        yield address


@pytest.fixture(scope="module")
def rows():
    random = np.random.default_rng(7)
    matrix = random.normal(size=(ROWS, 4)).astype(np.float32)
    matrix[:, 3] = random.integers(0, 5, ROWS)
    matrix[::17, 1] = np.nan
    margin = 2 * matrix[:, 0] - np.nan_to_num(matrix[:, 1]) + (matrix[:, 3] == 2)
    label = (random.uniform(size=ROWS) < 1 / (1 + np.exp(-margin))).astype(np.float32)
    return SplitRows.in_memory(matrix, label, np.arange(ROWS, dtype=np.uint64) * np.uint64(0x9E3779B97F4A7C15))


@pytest.fixture(scope="module")
def chosen():
    return np.random.default_rng(8).uniform(size=ROWS) < 0.8


def local():
    return LocalEngine(1, RowStorage())


def prepared(engine, rows, chosen, like=None):
    prepared = engine.prepare(rows, FEATURES, chosen, like=like)
    prepared.begin_at(np.full(np.count_nonzero(chosen), START, np.float32))
    return prepared


def fit(engine, rows, chosen):
    return engine.fit(prepared(engine, rows, chosen), FEATURES, SETTING, ROUNDS)


def auc_of(booster, rows, chosen):
    trees = xgboost.Booster()
    trees.load_model(bytearray(booster))
    matrix = np.concatenate(list(rows.encoded.blocks(~chosen)))
    return auc(rows.label[~chosen].astype(np.float64), trees.inplace_predict(matrix).astype(np.float64))


def test_a_fit_on_two_workers_is_as_good_as_on_one_machine_and_comes_out_again(address, rows, chosen):
    with connected(address) as cluster:
        engine = DaskEngine(cluster, local())
        booster = fit(engine, rows, chosen)
        assert fit(engine, rows, chosen) == booster
        others = fit(engine, rows, ~chosen)
    assert abs(auc_of(booster, rows, chosen) - auc_of(fit(local(), rows, chosen), rows, chosen)) <= AS_ONE_MACHINE
    assert others != booster, "other rows are chosen"
    assert xgboost.Booster(model_file=bytearray(booster)).feature_names == [feature.name for feature in FEATURES]


def test_a_fit_that_lost_a_worker_begins_again_to_the_same_bytes(address, rows, chosen):
    with connected(address) as cluster:
        engine = DaskEngine(cluster, local())
        booster = fit(engine, rows, chosen)
        os.kill(cluster.client.run(os.getpid)[cluster.workers[1]], signal.SIGKILL)
        assert fit(engine, rows, chosen) == booster


def test_a_cluster_that_has_lost_workers_for_good_is_refused(address, rows, chosen):
    with connected(address) as cluster:
        larger = type(cluster)(cluster.client, address, (*cluster.workers, "tcp://192.0.2.1:1"))
        with pytest.raises(DaskError) as refusal:
            fit(DaskEngine(larger, local(), returns=0.0), rows, chosen)
    (problem,) = refusal.value.problems
    assert (problem.code, problem.problem) == ("dask-lost", "has 2 of the 3 workers that it had at first")


def test_a_scheduler_that_ends_before_a_fit_is_refused_with_its_address(rows, chosen):
    with contextlib.ExitStack() as stack:
        address = stack.enter_context(open_cluster())
        with connected(address, answer=1.0) as cluster:
            engine = DaskEngine(cluster, local())
            stack.close()
            with pytest.raises(DaskError) as refusal:
                fit(engine, rows, chosen)
    (problem,) = refusal.value.problems
    assert (problem.where, problem.code) == (address, "dask-unreachable")
    assert not refusal.value.final, "another attempt may find it again"


def test_the_search_reads_a_sample_by_whole_groups_in_this_process(address, rows, chosen):
    def boosted(engine):
        fitted = prepared(engine, rows, chosen)
        fold = FoldRows(fitted, prepared(engine, rows, ~chosen, like=fitted), int(np.count_nonzero(~chosen)))
        return engine.boost([fold], FEATURES, SETTING, lambda *_: False)

    with connected(address) as cluster:
        whole, part = (boosted(DaskEngine(cluster, local(), search_rows=most)) for most in (ROWS, ROWS // 4))
    assert whole == boosted(local())
    assert part.log_loss != whole.log_loss


def test_a_cluster_that_does_not_answer_is_refused_with_its_address():
    with pytest.raises(DaskError) as refusal, connected("tcp://127.0.0.1:9", answer=0.3):
        pass
    (problem,) = refusal.value.problems
    assert (problem.where, problem.code) == ("tcp://127.0.0.1:9", "dask-unreachable")
    assert not refusal.value.final, "another attempt may reach it"


def test_a_cluster_with_tls_needs_certificates():
    with pytest.raises(DaskError, match="TLS__CA_FILE"), connected("tls://127.0.0.1:9", answer=0.3):
        pass


def test_a_cluster_without_workers_is_refused():
    with open_cluster(workers=0) as address:
        with pytest.raises(DaskError) as refusal, connected(address, first_worker=0.1):
            pass
    (problem,) = refusal.value.problems
    assert problem.code == "dask-no-workers"
    assert problem.hint == f"Start workers: dask worker {address}"


def test_workers_with_other_versions_are_named():
    own = dict.fromkeys(PACKAGES, "3.11")
    workers = {"tcp://a:1": own, "tcp://b:1": own | {"xgboost": "3.1.0"}, "tcp://c:1": own | {"xgboost": None}}
    workers["tcp://d:1"] = own | {"xgboost": "3.1.0"}
    problems = list(differences(own, workers, "tcp://dask:8786"))
    assert [problem.problem for problem in problems] == [
        "has xgboost 3.1.0 on tcp://b:1 and 1 more, and the step has xgboost 3.11",
        "has no xgboost on tcp://c:1, and the step has xgboost 3.11",
    ]
    assert {problem.code for problem in problems} == {"dask-versions"}
