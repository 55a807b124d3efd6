"""A released bundle comes back from its image as it went in, or not at all."""

import json
import os
import shutil
import signal
import subprocess
import sys
import tarfile
from io import BytesIO
from pathlib import Path

import pytest

from build.gate.gate import VerifiedBundle
from build.image.attest import provenance
from build.image.smoke_test.smoke_test import SmokeTestResult
from build.oci.image import Image
from build.oci.json_documents import dump
from build.oci.layout import Layout
from build.oci.publish import publish
from build.oci.referrers import content, descriptor
from build.oci.store import Attachment
from build.release.fetch import fetch
from build.release.releases import BUILD_TAG, ReleaseError
from model.bundle.folder import FILES, bundle_digest
from model.errors import BundleError
from model.files import sha256_of
from tests.build.release.command import ROOT, refused, run, tagged
from tests.build.released import BASE, assembled, published
from tests.contracts.image_store import blob
from tests.verdicts import verdict_of


@pytest.fixture
def store(model, tmp_path):
    """A store with one release of the valid bundle."""
    store = Layout(tmp_path / "images")
    published(store, model)
    tagged(store, model.tag)
    return store


def test_bundle_and_verdict_come_back_byte_for_byte(store, valid_bundle, verdict, tmp_path):
    result = run("fetch", "toy-conversion", "--in", f"oci:{store.folder}", "--into", str(tmp_path / "back"))
    assert (result.returncode, result.stderr) == (0, "")
    assert bundle_digest(valid_bundle) in result.stdout
    for name in FILES:
        assert (tmp_path / "back" / "bundle" / name).read_bytes() == (valid_bundle / name).read_bytes()
    assert (tmp_path / "back" / "verdict.json").read_bytes() == verdict.read_bytes()


def test_a_folder_that_holds_something_is_left_as_it_is(store, tmp_path):
    (tmp_path / "back").mkdir()
    (tmp_path / "back" / "mine").write_text("kept")
    result = run("fetch", "toy-conversion", "--in", f"oci:{store.folder}", "--into", str(tmp_path / "back"))
    assert result.returncode == 1
    assert "exists already" in result.stderr
    assert (tmp_path / "back" / "mine").read_text() == "kept"


def test_a_model_without_a_release_is_refused_with_the_command_that_makes_one(store):
    result = run("fetch", "other", "--in", f"oci:{store.folder}")
    assert result.returncode == 1
    assert "kamado promote other TAG" in result.stderr


def layer_of(store) -> Path:
    manifest = json.loads(store.manifest(store.resolve("toy-conversion-rel-000001")))
    return store.folder / "blobs" / "sha256" / manifest["layers"][-1]["digest"].removeprefix("sha256:")


def test_a_layer_that_is_not_its_digest_is_refused(store, tmp_path):
    data = layer_of(store).read_bytes()
    layer_of(store).write_bytes(data[:-1] + bytes([data[-1] ^ 1]))
    assert "[layer-broken]" in refused(store, tmp_path / "back")


def test_an_image_of_somebody_else_under_the_models_label_is_refused(store, tmp_path):
    with tarfile.open(fileobj=(packed := BytesIO()), mode="w:gz") as tar:
        head = tarfile.TarInfo("opt/kamado/bundle/manifest.json")
        head.type, head.linkname = tarfile.SYMTYPE, "/etc/passwd"
        tar.addfile(head)
    for layer in (packed.getvalue(), b"no archive at all"):
        tag = f"toy-conversion-{len(layer)}"
        labels = {"kamado.model": "toy-conversion", BUILD_TAG: tag}
        config = {"architecture": "amd64", "os": "linux", "config": {"Labels": labels}}
        image = Image(dump(config), (blob(layer),))
        publish(store, image, tag)
        tagged(store, tag)
        assert "[layer-broken]" in refused(store, tmp_path / "back")


LABELS = {
    "kamado.bundle": "sha256:" + "0" * 64,
    "kamado.verdict.sha256": "0" * 64,
    "kamado.metrics": '{"auc":0.99}',
    "kamado.data.cutoff": "2026-08-01T00:00:00Z",
    "kamado.layer.diff_id": "sha256:" + "0" * 64,
    "kamado.spec.sha256": "\x1b[2J",
}


@pytest.mark.case("an image whose label says something else than its layer")
@pytest.mark.parametrize("label", LABELS)
def test_a_label_that_the_layer_does_not_bear_out_is_refused(label, store, model, tmp_path, outcome):
    config = json.loads(model.image.config)
    config["config"]["Labels"] |= {label: LABELS[label], BUILD_TAG: "toy-conversion-forged"}
    image = Image(dump(config), model.image.layers)
    published(store, model, image=image, tag="toy-conversion-forged")
    with pytest.raises(BundleError, match=f"label {label}: is .*, the layer says") as refusal:
        fetch(store, tagged(store, "toy-conversion-forged"), tmp_path / "back", report=print)
    assert [problem.code for problem in refusal.value.problems] == ["image-labels"]
    assert not (tmp_path / "back").exists()
    outcome(refusal.value.problems[0])


RECORDS = {
    "none": None,
    "of an image without a server": SmokeTestResult("process", 0),
    "of a container, for an image that cannot start": SmokeTestResult("engine", 400),
}


@pytest.mark.case("an image whose smoke test is not on record, or on another's")
@pytest.mark.parametrize("name", RECORDS)
def test_an_image_without_the_record_of_its_smoke_test_is_refused(name, model, tmp_path, outcome):
    store = Layout(tmp_path / "images")
    if RECORDS[name] is None:
        publish(store, model.image, model.tag)
    else:
        published(store, model, smoke_test=RECORDS[name])
    with pytest.raises(ReleaseError, match="no record of a smoke test") as refusal:
        fetch(store, tagged(store, model.tag), tmp_path / "back", report=print)
    outcome(refusal.value.problems[0])


def test_a_record_of_another_image_is_none(model, store, tmp_path):
    attached = [content(document) for document in store.referrers(model.image.digest)]
    config = json.loads(model.image.config)
    config["config"]["Labels"] |= {"who": "us", BUILD_TAG: "toy-conversion-other"}
    other = Image(dump(config), model.image.layers)
    statements = [Attachment(provenance.MEDIA_TYPE, data) for data in attached]
    publish(store, other, "toy-conversion-other", before_tag=lambda _: statements)
    with pytest.raises(ReleaseError, match="no record of a smoke test"):
        fetch(store, tagged(store, "toy-conversion-other"), tmp_path / "back", report=print)


@pytest.mark.parametrize("data", [b"", b"[]", b"{}", b'{"subject": 1}', b'{"subject": [{"digest": {"sha256": "x"}}]}'])
def test_a_statement_that_is_none_is_no_record(data):
    digest = "sha256:" + "0" * 64
    assert provenance.read_smoke_test(data, image=digest, bundle=digest, verdict_sha256="0" * 64) is None


@pytest.mark.case("a verdict in an image whose own checksum is wrong")
def test_a_wrong_checksum_is_never_taken_for_an_older_one(valid_bundle, tmp_path, outcome):
    path = verdict_of(valid_bundle, tmp_path / "verdict.json")
    path.write_text(path.read_text().replace('"auc": 0.71', '"auc": 0.72'))
    model = assembled(
        BASE, valid_bundle, path, tmp_path / "work", VerifiedBundle(bundle_digest(valid_bundle), sha256_of(path))
    )
    store = Layout(tmp_path / "images")
    published(store, model)
    with pytest.raises(BundleError, match=r"\[verdict-digest\]") as refusal:
        fetch(store, tagged(store, model.tag), tmp_path / "back", report=print)
    outcome(refusal.value.problems[0])


KILLED = """
import os, signal, sys, threading
from cli.main import main
threading.Timer(float(sys.argv[1]), os.kill, (os.getpid(), signal.SIGKILL)).start()
main(sys.argv[2:], os.environ)
"""


def test_a_fetch_that_is_killed_leaves_nothing_behind(store, valid_bundle, tmp_path):
    """Beside its target never; what it had in the temporary folder the next one removes."""
    (scratch := tmp_path / "scratch").mkdir()
    (target := tmp_path / "fetched").mkdir()
    arguments = ["fetch", "toy-conversion", "--in", f"oci:{store.folder}", "--into", str(target / "back")]
    environment = os.environ | {"TMPDIR": str(scratch)}
    for seconds in ("0.01", "0.2", "0.4", "0.6"):
        command = [sys.executable, "-c", KILLED, seconds, *arguments]
        killed = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, check=False)
        assert killed.returncode == -signal.SIGKILL
        if (target / "back").exists():  # it was quicker than the kill, and is whole
            assert bundle_digest(target / "back" / "bundle") == bundle_digest(valid_bundle)
            shutil.rmtree(target / "back")
        assert list(target.iterdir()) == []
    command = [sys.executable, "-m", "cli", *arguments]
    subprocess.run(command, cwd=ROOT, env=environment, check=True, capture_output=True)
    assert [path.name for path in target.iterdir()] == ["back"]
    assert list(scratch.glob("kamado-*")) == []


def test_a_document_that_was_lost_stops_nobody(store, tmp_path):
    index = json.loads((store.folder / "index.json").read_bytes())
    index["manifests"].append(
        descriptor(b"lost", "application/vnd.other").model_dump(by_alias=True, exclude_unset=True)
    )
    (store.folder / "index.json").write_bytes(dump(index))
    result = run("fetch", "toy-conversion", "--in", f"oci:{store.folder}", "--into", str(tmp_path / "back"))
    assert (result.returncode, result.stderr) == (0, "")
