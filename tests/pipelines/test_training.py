"""The compiled training pipeline, run as on a cluster: refusals are passed on, and no step can rename a folder."""

import json
import os
from dataclasses import replace

import pyarrow.parquet as pq
import pytest

from artifacts.image import ImageDocument
from artifacts.refusal import Refusal
from artifacts.run_result import RunResult
from build.image.base.build_base import build_base
from build.image.base.wheels import CannotMake
from build.oci.image import Image
from build.oci.open_store import open_store
from build.oci.publish import publish
from build.settings import cache_folder
from components.load_spec.spec_uri import packed
from pipelines.cluster.settings import ClusterSettings
from tests.graphs import BASE, settings_of
from tests.local_engine import run_on_engine
from tests.logs import log, spec_of
from tests.services.registry import registry as running_registry

CHAIN = [
    *("load_spec", "resolve", "champion", "extract", "preprocess", "train", "evaluate", "refit"),
    *("build_image", "conclude"),
]
NEVER_CACHED = ["resolve", "build_image", "conclude"]
PROMOTION = {"must_beat": ["constant", "current_order"], "min_conversions": 50}


def spec(**changes):
    sql = "SELECT l.* FROM impressions AS l WHERE l.shown_at >= @start AND l.shown_at < @end"
    return spec_of(sql_text=sql, source__end=None, split__calibration_days=16, promotion=PROMOTION, **changes)


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    folder = tmp_path_factory.mktemp("data")
    pq.write_table(log(lists=2_000), folder / "impressions.parquet")
    return folder


@pytest.fixture(scope="module")
def registry(tmp_path_factory):
    with running_registry(tmp_path_factory.mktemp("registry")) as host:
        yield host


@pytest.fixture(scope="module")
def server(registry, tmp_path_factory):
    """A server base in the registry, by digest."""
    try:
        base = build_base(cache_folder(os.environ), report=lambda _: None)
    except CannotMake as reason:
        pytest.skip(f"no base can be built here: {reason}")
    store = open_store(f"registry://{registry}/server", cache=tmp_path_factory.mktemp("cache"))
    publish(store, Image(base.config.data, tuple(base.layers)), "server-1")
    return f"{registry}/server@{store.resolve('server-1')}"


@pytest.fixture(scope="module")
def cache(tmp_path_factory):
    return tmp_path_factory.mktemp("kfp-cache")


@pytest.fixture(scope="module")
def settings(data, registry, server):
    return settings_of(
        spec(),
        source=f"duckdb:{data}",
        base=server,
        destination=f"registry://{registry}/models",
        cluster=ClusterSettings(),
    )


@pytest.fixture(scope="module")
def promoted(settings, cache, tmp_path_factory):
    run = run_on_engine(tmp_path_factory.mktemp("promoted"), settings, {}, cache=cache)
    assert run.code == 0, run.log
    return run


class TestPromoted:
    def test_every_step_writes_in_place_and_the_run_is_green(self, promoted):
        assert promoted.started == promoted.ended("finished") == CHAIN

    def test_the_day_is_that_of_the_schedule(self, promoted):
        values = promoted.parameters("resolve")
        assert (values["end"], values["champion"], values["refusal"]) == ("2026-07-01", "", "")
        assert "bytes, newest" in values["data_version"]

    def test_the_image_is_an_output_in_parameters_and_metadata(self, promoted, registry):
        image = ImageDocument.read(promoted.path("build-image", "image"))
        values = promoted.parameters("build-image")
        assert (values["outcome"], values["reference"]) == ("promote", image.reference)
        assert (values["tag"], values["digest"]) == (image.tag, image.digest)
        result = RunResult.model_validate_json(values["result"])
        assert promoted.metadata("build-image", "image") == result.model_dump()
        assert (result.model, result.outcome, result.reference) == ("small", "promote", image.reference)
        assert image.reference.startswith(f"{registry}/models:small-")
        assert image.reference in promoted.path("build-image", "summary").read_text()

    def test_artifacts_carry_what_a_person_looks_for(self, promoted):
        rows = promoted.metadata("extract", "rows")
        assert (rows["rows"], rows["end"]) == (10_000, "2026-07-01T00:00:00Z")
        assert promoted.metadata("preprocess", "splits")["test_conversions"] > 50
        digest = promoted.metadata("train", "trained")["digest"]
        verdict = promoted.metadata("evaluate", "evaluation")
        assert (verdict["verdict"], verdict["bundle"]) == ("promote", digest)
        assert "beats constant" in verdict
        final, shipped = promoted.metadata("refit", "decision"), promoted.metadata("refit", "shipped")["digest"]
        assert (final["verdict"], final["bundle"], final["refit"]) == ("promote", digest, shipped)
        assert shipped != digest
        assert ImageDocument.read(promoted.path("build-image", "image")).bundle == shipped
        assert promoted.metadata("refit", "metrics")["order_agreement"] > 0.8

    def test_a_second_run_of_the_window_takes_from_the_cache_all_that_asks_nobody(
        self, promoted, settings, cache, tmp_path
    ):
        again = run_on_engine(tmp_path, settings, {"end": "2026-07-01"}, cache=cache)
        assert (again.code, again.started) == (0, NEVER_CACHED), again.log
        assert again.parameters("build-image")["digest"] == promoted.parameters("build-image")["digest"]

    def test_a_model_that_does_not_beat_its_champion_is_held_and_the_run_is_green(
        self, promoted, settings, cache, tmp_path
    ):
        champion = promoted.path("train", "trained") / "bundle"
        run = run_on_engine(tmp_path, settings, {"champion": str(champion)}, cache=cache)
        # Training begins with the champion's curve, so that it does not come from the cache.
        started = ["resolve", "champion", "train", "evaluate", "refit", "build_image", "conclude"]
        assert (run.code, run.started) == (0, started), run.log
        values = run.parameters("build-image")
        assert (values["outcome"], values["reference"], values["digest"]) == ("hold", "", "")
        assert run.parameters("resolve")["champion"].startswith(f"{champion}@sha256:")
        assert "No image was built" in run.path("build-image", "summary").read_text()
        assert list(run.path("build-image", "image").iterdir()) == []


class TestRefused:
    @pytest.mark.usefixtures("promoted")
    def test_a_refusal_of_preprocess_is_passed_on_by_all_later_steps_and_the_last_is_red(
        self, settings, cache, tmp_path
    ):
        few = spec(reject=[{"name": "rent", "expression": "rent", "min": 2500, "max": 9000}])
        changed = replace(settings, spec=few, spec_uri=packed(few))
        run = run_on_engine(tmp_path, changed, {}, cache=cache)
        assert run.code == 1
        assert run.started == [step for step in CHAIN if step != "champion"]  # which is in the cache for any spec
        assert run.ended("refused") == ["preprocess", "conclude"]
        assert run.ended("passed-on") == ["train", "evaluate", "refit", "build_image"]
        values = run.parameters("build-image")
        assert values["outcome"] == "refused"
        first = Refusal.read(run.path("preprocess", "splits")).problems[0]
        assert json.loads(values["result"])["reason"].startswith(f"preprocess: {first.where}: {first.problem}")
        summary = run.path("build-image", "summary").read_text()
        assert "rejected-over-budget" in summary
        refusal = Refusal.read(run.path("build-image", "image"))
        assert refusal == Refusal.read(run.path("preprocess", "splits"))
        assert [problem["where"] for problem in run.events[-1]["problems"]] == [refusal.problems[0].where]
        assert sorted(path.name for path in run.path("preprocess", "splits").iterdir()) == ["refusal.json"]

    def test_what_is_lost_in_a_pod_is_refused_first_with_all_that_is_wrong(self, data, cache, tmp_path):
        settings = settings_of(spec(), source=f"duckdb:{data}", base="", cluster=ClusterSettings())
        arguments = {"destination": f"oci:{tmp_path}", "champion": "/nowhere", "end": "2999-01-01"}
        run = run_on_engine(tmp_path / "run", settings, arguments, cache=cache)
        assert run.code == 1
        assert run.ended("refused") == ["resolve", "conclude"]
        assert run.ended("passed-on") == CHAIN[2:-1]
        refusal = Refusal.read(run.path("extract", "rows"))
        codes = [problem.code for problem in refusal.problems]
        assert codes == ["end-future", "champion-missing", "destination-pod", "base-without-digest"]

    def test_a_failure_of_the_outer_world_is_no_refusal_and_may_be_tried_again(self, data, cache, tmp_path):
        (tmp_path / "images").mkdir()
        (tmp_path / "images" / "index.json").write_text("damaged")
        settings = settings_of(spec(), source=f"duckdb:{data}", base=BASE, cluster=ClusterSettings())
        run = run_on_engine(tmp_path / "run", settings, {"champion": f"oci:{tmp_path / 'images'}"}, cache=cache)
        assert run.code == 1
        assert run.events[-1]["step"] == "resolve"
        assert run.events[-1]["event"] == "refused"
        assert run.ended("passed-on") == []
