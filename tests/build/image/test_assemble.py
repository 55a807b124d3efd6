"""The assembler: one digest for one content, everything that an operator asks for in its labels."""

import io
import json
import os
import shutil
import tarfile
from dataclasses import replace
from pathlib import Path

import pytest

from build.gate.gate import VerifiedBundle, verify_or_raise
from build.image.assemble import AssembledImage
from build.image.base.base import XGBOOST, Base, BaseError, empty_config
from build.image.build import build
from build.image.build_tag import build_tag
from build.image.request import BuildRequest
from build.oci.image import DOCKER_LAYER, DOCKER_MANIFEST, digest_of
from build.oci.layout import Layout
from build.oci.publish import publish
from model.bundle.bundle import load
from model.bundle.folder import bundle_digest
from model.errors import OutputError
from tests.build.released import BASE, assembled
from tests.verdicts import verdict_of


def published(
    to: Path, bundle: Path, verdict: Path, passed: VerifiedBundle, base: Base = BASE
) -> tuple[AssembledImage, str]:
    """The candidate and its digest in `to`: what `build` does after the gate and the base, without a smoke test."""
    work = to.with_name(f"{to.name}-work")
    work.mkdir()
    candidate = assembled(base, bundle, verdict, work, passed)
    return candidate, publish(Layout(to), candidate.image, candidate.tag).digest


def read(to: Path, digest: str) -> bytes:
    return (to / "blobs" / "sha256" / digest.removeprefix("sha256:")).read_bytes()


def config_of(to: Path, digest: str) -> dict:
    return json.loads(read(to, json.loads(read(to, digest))["config"]["digest"]))


def test_ten_times_from_other_folders_times_and_umasks_it_is_one_digest(valid_bundle, verdict, passed, tmp_path):
    digests = set()
    for number in range(10):
        copy = Path(shutil.copytree(valid_bundle, tmp_path / f"copy {number}"))
        for path in copy.iterdir():
            os.utime(path, (number, number))
            path.chmod(0o600 | number)
        before = os.umask(0o077 if number % 2 else 0)
        try:
            digests.add(published(tmp_path / f"images-{number}", copy, verdict, passed)[1])
        finally:
            os.umask(before)
    assert len(digests) == 1


def test_the_layer_holds_the_bundle_and_the_verdict_for_everyone_to_read_and_no_one_to_write(
    valid_bundle, verdict, passed, tmp_path
):
    candidate, _ = published(tmp_path / "images", valid_bundle, verdict, passed)
    (tmp_path / "layer").write_bytes(read(tmp_path / "images", candidate.layer.digest))
    with tarfile.open(tmp_path / "layer") as tar:
        files = {member.name: tar.extractfile(member).read() for member in tar if member.isfile()}
        assert {member.mode for member in tar if member.isfile()} == {0o444}
        assert {member.mtime for member in tar} == {1_782_864_000}  # the cut-off of the data
    home = "opt/kamado"
    assert files == {
        f"{home}/verdict.json": verdict.read_bytes(),
        **{f"{home}/bundle/{path.name}": path.read_bytes() for path in valid_bundle.iterdir()},
    }


def test_the_config_starts_the_server_without_a_shell_and_without_root(valid_bundle, verdict, passed, tmp_path):
    candidate, digest = published(tmp_path / "images", valid_bundle, verdict, passed)
    config = config_of(tmp_path / "images", digest)
    assert config["created"] == "2026-07-01T00:00:00Z"
    assert config["rootfs"]["diff_ids"] == [candidate.layer.diff_id]
    run = config["config"]
    assert run["Cmd"] == ["python3", "-m", "serving.server"]
    assert run["User"] == "65532"
    assert run["WorkingDir"] == "/opt/kamado"
    assert run["ExposedPorts"] == {"8080/tcp": {}}
    assert run["Env"] == ["KAMADO_BUNDLE=/opt/kamado/bundle", "KAMADO_HOST=0.0.0.0"]
    assert "Entrypoint" not in run


def test_the_labels_say_what_was_verified_and_from_what_it_was_made(valid_bundle, verdict, passed, tmp_path):
    candidate, digest = published(tmp_path / "images", valid_bundle, verdict, passed)
    labels = config_of(tmp_path / "images", digest)["config"]["Labels"]
    assert labels == candidate.labels
    assert labels["org.opencontainers.image.title"] == labels["kamado.model"] == "toy-conversion"
    assert labels["org.opencontainers.image.version"] == candidate.tag
    assert labels["kamado.bundle"] == bundle_digest(valid_bundle)
    assert labels["kamado.verdict.sha256"] == passed.verdict_sha256
    assert labels["kamado.spec.sha256"] == "a" * 64
    assert labels["kamado.base"] == "none"
    metrics = json.loads(labels["kamado.metrics"])
    assert (metrics["auc"], metrics["log_loss"]) == (0.71, 0.31)
    assert set(metrics) == set(json.loads(verdict.read_bytes())["metrics"])


def test_a_base_keeps_its_settings_layers_and_history_under_the_model(valid_bundle, verdict, passed, tmp_path):
    from tests.contracts.image_store import blob

    config = empty_config().updated(
        {
            "config": {"Env": ["PATH=/bin", "KAMADO_BUNDLE=/old"], "Entrypoint": ["/bin/sh"], "Labels": {"who": "us"}},
            "container_config": {"Hostname": "differs at every build"},
            "history": [{"created_by": "us"}],
            "rootfs": {"type": "layers", "diff_ids": ["sha256:" + "2" * 64]},
        }
    )
    base = Base("oci", "oci:base", "sha256:" + "3" * 64, config, (blob(b"server", DOCKER_LAYER),), docker=True)
    candidate, digest = published(tmp_path / "images", valid_bundle, verdict, passed, base)
    manifest = json.loads(read(tmp_path / "images", digest))
    config = config_of(tmp_path / "images", digest)
    assert manifest["mediaType"] == DOCKER_MANIFEST
    assert {layer["mediaType"] for layer in manifest["layers"]} == {DOCKER_LAYER}
    assert manifest["layers"][0]["digest"] == digest_of(b"server")
    assert config["config"]["Env"] == ["PATH=/bin", "KAMADO_BUNDLE=/opt/kamado/bundle", "KAMADO_HOST=0.0.0.0"]
    assert config["config"]["Labels"]["who"] == "us"
    assert config["config"]["Labels"]["org.opencontainers.image.base.digest"] == base.digest
    assert "container_config" not in config
    assert len(config["history"]) == 2
    assert config["rootfs"]["diff_ids"] == ["sha256:" + "2" * 64, candidate.layer.diff_id]


def test_an_image_with_a_model_is_no_base_for_another(valid_bundle, verdict, passed, tmp_path):
    config = empty_config().updated({"config": {"Labels": {"kamado.model": "other"}}})
    with pytest.raises(BaseError, match=r"base-type.*holds a model already: 'other'"):
        published(tmp_path / "images", valid_bundle, verdict, passed, replace(BASE, kind="oci", config=config))


def test_a_base_with_another_xgboost_is_refused(valid_bundle, verdict, passed, tmp_path):
    config = empty_config().updated({"config": {"Labels": {XGBOOST: "2.1.0"}}})
    with pytest.raises(BaseError, match=r"serves with XGBoost 2\.1\.0"):
        published(tmp_path / "images", valid_bundle, verdict, passed, replace(BASE, kind="oci", config=config))
    assert not (tmp_path / "images").exists()


@pytest.mark.case("bundle and verdict that are written to while their image is built")
def test_an_image_holds_what_passed_whatever_becomes_of_the_originals(bundle, server_cache, tmp_path, outcome):
    verdict = verdict_of(bundle, tmp_path / "verdict.json")
    expected = {f"bundle/{path.name}": path.read_bytes() for path in bundle.iterdir()}
    expected["verdict.json"] = verdict.read_bytes()

    def spoil(_: str) -> None:
        """Called at every step, the first time right after the gate."""
        for path in (*bundle.iterdir(), verdict):
            path.write_text("other")

    request = BuildRequest(f"oci:{tmp_path}/images", None, server_cache, smoke_test="process")
    built = build(bundle, verdict, request, report=spoil)
    assert verdict.read_text() == "other"
    with tarfile.open(fileobj=io.BytesIO(read(tmp_path / "images", built.layer.digest))) as tar:
        files = {member.name: tar.extractfile(member).read() for member in tar if member.isfile()}
    assert files == {f"opt/kamado/{name}": data for name, data in expected.items()}
    outcome(f"built from what was verified: {built.bundle}")


def test_the_same_bundle_with_another_verdict_is_another_image_under_a_tag_of_its_own(
    valid_bundle, verdict, passed, tmp_path
):
    first = published(tmp_path / "images", valid_bundle, verdict, passed)
    other = verdict_of(valid_bundle, tmp_path / "verdict.json", bootstrap={"seed": 8, "draws": 1000})
    (tmp_path / "images-work").rename(tmp_path / "before")
    second = published(tmp_path / "images", valid_bundle, other, verify_or_raise(valid_bundle, other))
    assert first[0].tag != second[0].tag
    assert Layout(tmp_path / "images").resolve(first[0].tag) == first[1] != second[1]


def test_an_unknown_kind_of_store_is_refused_before_the_gate_runs(valid_bundle, tmp_path):
    with pytest.raises(OutputError, match="does not name an image store"):
        build(valid_bundle, tmp_path / "no verdict", BuildRequest("ftp://somewhere", None, tmp_path))


def test_a_tag_says_model_age_of_the_data_and_content(valid_bundle):
    manifest = load(valid_bundle).manifest
    inputs = {"cutoff": manifest.lineage.cutoff, "bundle": "sha256:" + "b" * 64, "verdict": "sha256:" + "e" * 64}
    tag = build_tag(manifest.model, **inputs, base="sha256:" + "c" * 64)
    assert tag.startswith("toy-conversion-20260701T000000Z-")
    assert len(tag.rpartition("-")[2]) == 12
    assert tag == build_tag(manifest.model, **inputs, base="sha256:" + "c" * 64)
    assert tag != build_tag(manifest.model, **inputs, base="sha256:" + "d" * 64)
