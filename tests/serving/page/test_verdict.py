"""The verdict beside the bundle: shown when it is about this bundle, and never a reason not to serve."""

import json
import tarfile

import pytest

from build.image.model_layer import ENVIRONMENT, model_layer
from serving.page.verdict import NoVerdict, ShownVerdict, read_verdict

DIGEST = "sha256:" + "0" * 64


@pytest.fixture
def bundle(tmp_path):
    (tmp_path / "bundle").mkdir()
    return tmp_path / "bundle"


def test_it_is_what_evaluate_wrote(hostile_bundle, info):
    verdict = read_verdict(hostile_bundle, info.digest)
    assert isinstance(verdict, ShownVerdict)
    assert (verdict.verdict, verdict.metrics["auc"], verdict.reasons[0].passed) == ("promote", 0.71, True)


def test_a_verdict_with_a_refit_is_about_the_refit(hostile_bundle, bundle, info):
    document = json.loads(hostile_bundle.with_name("verdict.json").read_text()) | {"refit": {"bundle": DIGEST}}
    bundle.with_name("verdict.json").write_text(json.dumps(document))
    assert isinstance(read_verdict(bundle, DIGEST), ShownVerdict)
    assert isinstance(read_verdict(bundle, info.digest), NoVerdict)


def test_the_layer_of_an_image_has_it_where_the_server_looks(hostile_bundle, info, tmp_path):
    verdict = hostile_bundle.with_name("verdict.json").read_bytes()
    model_layer(tmp_path / "layer.tar.gz", hostile_bundle, verdict, cutoff=info.lineage.cutoff)
    with tarfile.open(tmp_path / "layer.tar.gz") as layer:
        layer.extraction_filter = lambda member, _: member  # `filter=` is newer than Debian's Python 3.11
        layer.extractall(tmp_path)
    inside = tmp_path / ENVIRONMENT["KAMADO_BUNDLE"].removeprefix("/")
    assert isinstance(read_verdict(inside, info.digest), ShownVerdict)


def test_the_folder_may_be_the_working_folder(hostile_bundle, info, monkeypatch):
    monkeypatch.chdir(hostile_bundle)
    assert isinstance(read_verdict(hostile_bundle.relative_to(hostile_bundle), info.digest), ShownVerdict)


def test_there_may_be_none(bundle):
    assert read_verdict(bundle, DIGEST) == NoVerdict("There is no verdict.json beside the bundle.")


@pytest.mark.parametrize("content", [b"", b"\xff", b"[]", b"{}", b'{"verdict": "promote"}', b"[" * 100_000])
def test_it_may_be_no_verdict(bundle, content):
    bundle.with_name("verdict.json").write_bytes(content)
    assert read_verdict(bundle, DIGEST) == NoVerdict("verdict.json beside the bundle is not a verdict.")


def test_it_may_be_about_another_bundle(hostile_bundle, bundle):
    document = json.loads(hostile_bundle.with_name("verdict.json").read_text())
    bundle.with_name("verdict.json").write_text(json.dumps(document))
    assert read_verdict(bundle, DIGEST) == NoVerdict("verdict.json beside the bundle is about another bundle.")
