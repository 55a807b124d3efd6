"""A released bundle comes back from its image as it went in, or not at all."""

import gzip
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
from build.oci.image import Image, digest_of, dump
from build.oci.layout import Layout
from build.oci.referrers import content, descriptor
from build.oci.store import Attachment
from build.release.fetch import fetch
from build.release.releases import BUILD_TAG, Release, ReleaseError, candidate, number_next
from model.bundle.folder import FILES, bundle_digest
from model.errors import BundleError
from model.files import sha256_of
from tests.build.release.test_releases import ROOT, run
from tests.build.released import BASE, assembled, published
from tests.contracts.publish import blob
from tests.verdicts import verdict_of


@pytest.fixture
def model(valid_bundle, verdict, passed, tmp_path):
    return assembled(BASE, valid_bundle, verdict, tmp_path / "work", passed)


@pytest.fixture
def shelf(model, tmp_path):
    """A place with one release of the sound bundle."""
    place = Layout(tmp_path / "images")
    published(place, model)
    tagged(place, model.tag)
    return place


def tagged(place, tag) -> Release:
    """The next release tag, as whoever may write to a place can write it: nothing is verified."""
    return number_next(place, "toy-conversion", candidate(place, "toy-conversion", tag))


def test_bundle_and_verdict_come_back_byte_for_byte(shelf, valid_bundle, verdict, tmp_path):
    told = run("fetch", "toy-conversion", "--in", f"oci:{shelf.folder}", "--into", str(tmp_path / "back"))
    assert (told.returncode, told.stderr) == (0, "")
    assert bundle_digest(valid_bundle) in told.stdout
    for name in FILES:
        assert (tmp_path / "back" / "bundle" / name).read_bytes() == (valid_bundle / name).read_bytes()
    assert (tmp_path / "back" / "verdict.json").read_bytes() == verdict.read_bytes()


def test_a_folder_that_holds_something_is_left_as_it_is(shelf, tmp_path):
    (tmp_path / "back").mkdir()
    (tmp_path / "back" / "mine").write_text("kept")
    told = run("fetch", "toy-conversion", "--in", f"oci:{shelf.folder}", "--into", str(tmp_path / "back"))
    assert told.returncode == 1
    assert "exists already" in told.stderr
    assert (tmp_path / "back" / "mine").read_text() == "kept"


def test_a_model_without_a_release_is_refused_with_the_command_that_makes_one(shelf):
    told = run("fetch", "other", "--in", f"oci:{shelf.folder}")
    assert told.returncode == 1
    assert "kamado promote other TAG" in told.stderr


def layer_of(shelf) -> Path:
    manifest = json.loads(shelf.manifest(shelf.digest("toy-conversion-rel-000001")))
    return shelf.folder / "blobs" / "sha256" / manifest["layers"][-1]["digest"].removeprefix("sha256:")


def refused(shelf, folder) -> str:
    told = run("fetch", "toy-conversion", "--in", f"oci:{shelf.folder}", "--into", str(folder))
    assert told.returncode == 1
    assert "Traceback" not in told.stderr
    assert not folder.exists()
    return told.stderr


def test_a_layer_that_is_not_its_digest_is_refused(shelf, tmp_path):
    whole = layer_of(shelf).read_bytes()
    layer_of(shelf).write_bytes(whole[:-1] + bytes([whole[-1] ^ 1]))
    assert "[layer-broken]" in refused(shelf, tmp_path / "back")


def test_an_image_of_somebody_else_under_the_models_label_is_refused(shelf, tmp_path):
    with tarfile.open(fileobj=(packed := BytesIO()), mode="w:gz") as tar:
        head = tarfile.TarInfo("opt/kamado/bundle/manifest.json")
        head.type, head.linkname = tarfile.SYMTYPE, "/etc/passwd"
        tar.addfile(head)
    for layer in (packed.getvalue(), b"no archive at all"):
        tag = f"toy-conversion-{len(layer)}"
        labels = {"kamado.model": "toy-conversion", BUILD_TAG: tag}
        config = {"architecture": "amd64", "os": "linux", "config": {"Labels": labels}}
        image = Image(dump(config), (blob(layer),))
        shelf.publish(image, tag)
        tagged(shelf, tag)
        assert "[layer-broken]" in refused(shelf, tmp_path / "back")


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
def test_a_label_that_the_layer_does_not_bear_out_is_refused(label, shelf, model, tmp_path, outcome):
    config = json.loads(model.image.config)
    config["config"]["Labels"] |= {label: LABELS[label], BUILD_TAG: "toy-conversion-forged"}
    image = Image(dump(config), model.image.layers)
    published(shelf, model, image=image, tag="toy-conversion-forged")
    with pytest.raises(BundleError, match=f"label {label}: is .*, the layer says") as refusal:
        fetch(shelf, tagged(shelf, "toy-conversion-forged"), tmp_path / "back", report=print)
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
    place = Layout(tmp_path / "images")
    if RECORDS[name] is None:
        place.publish(model.image, model.tag)
    else:
        published(place, model, smoke_test=RECORDS[name])
    with pytest.raises(ReleaseError, match="no record of a smoke test") as refusal:
        fetch(place, tagged(place, model.tag), tmp_path / "back", report=print)
    outcome(refusal.value.problems[0])


def test_a_record_of_another_image_is_none(model, shelf, tmp_path):
    attached = [content(document) for document in shelf.attachments(model.image.digest)]
    config = json.loads(model.image.config)
    config["config"]["Labels"] |= {"who": "us", BUILD_TAG: "toy-conversion-other"}
    other = Image(dump(config), model.image.layers)
    statements = [Attachment(provenance.MEDIA_TYPE, data) for data in attached]
    shelf.publish(other, "toy-conversion-other", prove=lambda _: statements)
    with pytest.raises(ReleaseError, match="no record of a smoke test"):
        fetch(shelf, tagged(shelf, "toy-conversion-other"), tmp_path / "back", report=print)


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
    place = Layout(tmp_path / "images")
    published(place, model)
    with pytest.raises(BundleError, match=r"\[verdict-digest\]") as refusal:
        fetch(place, tagged(place, model.tag), tmp_path / "back", report=print)
    outcome(refusal.value.problems[0])


KILLED = """
import os, signal, sys, threading
from cli.main import main
threading.Timer(float(sys.argv[1]), os.kill, (os.getpid(), signal.SIGKILL)).start()
main(sys.argv[2:], os.environ)
"""


def test_a_fetch_that_is_killed_leaves_nothing_behind(shelf, valid_bundle, tmp_path):
    """Beside its target never; what it had in the temporary folder the next one removes."""
    (scratch := tmp_path / "scratch").mkdir()
    (target := tmp_path / "fetched").mkdir()
    arguments = ["fetch", "toy-conversion", "--in", f"oci:{shelf.folder}", "--into", str(target / "back")]
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


def forged(folder, layers, **labels) -> Layout:
    """A place whose newest release somebody made by hand."""
    shelf = Layout(folder)
    config = {"config": {"Labels": {"kamado.model": "toy-conversion", BUILD_TAG: "forged", **labels}}}
    shelf.publish(Image(dump({"architecture": "amd64", "os": "linux", **config}), tuple(layers)), "forged")
    tagged(shelf, "forged")
    return shelf


def test_an_image_without_layers_is_refused(tmp_path):
    assert "[layer-broken]" in refused(forged(tmp_path / "images", []), tmp_path / "back")


def test_a_small_layer_that_unpacks_to_any_size_is_refused(tmp_path):
    """A name of one gigabyte, which tarfile would read into memory before anybody sees it."""
    packed = BytesIO()
    with gzip.GzipFile(fileobj=packed, mode="wb") as file:
        head = tarfile.TarInfo("././@LongLink")
        head.type, head.size = tarfile.GNUTYPE_LONGNAME, 1 << 30
        file.write(head.tobuf(tarfile.GNU_FORMAT))
        for _ in range(1 << 10):
            file.write(bytes(1 << 20))
    told = refused(forged(tmp_path / "images", [blob(packed.getvalue())]), tmp_path / "back")
    assert "it has more than 200,000,000 bytes" in told


@pytest.mark.case("a layer with a file that says it has an exabyte")
@pytest.mark.parametrize("kind", [tarfile.REGTYPE, tarfile.GNUTYPE_SPARSE], ids=["file", "sparse file"])
def test_a_file_that_ends_far_behind_its_layer_is_refused_at_once(tmp_path, outcome, kind):
    """tarfile would look for that end for years."""
    head = tarfile.TarInfo("etc/motd")
    head.type, head.size = kind, 1 << 60
    packed = gzip.compress(head.tobuf(tarfile.GNU_FORMAT) + bytes(10_240))
    says = refused(forged(tmp_path / "images", [blob(packed)]), tmp_path / "back")
    outcome(says)
    assert "[layer-broken]" in says
    assert "which would end at byte 1,152,921,504,606," in says


def test_a_header_that_tarfile_stumbles_over_is_refused(tmp_path):
    with tarfile.open(fileobj=(packed := BytesIO()), mode="w:gz", format=tarfile.PAX_FORMAT) as tar:
        head = tarfile.TarInfo("opt/kamado/verdict.json")
        head.pax_headers = {"GNU.sparse.major": "0", "GNU.sparse.map": "x", "GNU.sparse.size": "1"}
        tar.addfile(head)
    shelf = forged(tmp_path / "images", [blob(packed.getvalue())])
    assert "[layer-broken]" in refused(shelf, tmp_path / "back")


def test_a_layer_that_holds_a_file_twice_is_refused(model, tmp_path):
    """An engine would serve the second."""
    with tarfile.open(fileobj=(packed := BytesIO()), mode="w:gz") as tar:
        with tarfile.open(model.layer.path) as source:
            for member in source:
                tar.addfile(member, source.extractfile(member) if member.isfile() else None)
        tar.addfile(tarfile.TarInfo("opt/kamado/bundle/booster.ubj"))
    told = refused(forged(tmp_path / "images", [blob(packed.getvalue())]), tmp_path / "back")
    assert "holds opt/kamado/bundle/booster.ubj twice" in told


@pytest.mark.parametrize("named", ["sha256:/dev/zero", "sha256:../../index.json", "toy"])
def test_a_digest_that_is_a_path_is_refused(named, tmp_path):
    shelf = forged(tmp_path / "images", [blob(b"x")])
    manifest = json.loads(shelf.manifest(shelf.digest("forged")))
    manifest["layers"][0]["digest"] = named
    data = dump(manifest)
    (shelf.blobs / digest_of(data).removeprefix("sha256:")).write_bytes(data)
    index = json.loads((shelf.folder / "index.json").read_bytes())
    for entry in index["manifests"]:
        entry["digest"] = digest_of(data)
    (shelf.folder / "index.json").write_bytes(dump(index))
    assert "[layer-broken]" in refused(shelf, tmp_path / "back")


@pytest.mark.parametrize("metrics", ["no json", '{"auc": "high"}', "[1]"])
def test_metrics_that_are_none_leave_the_list_of_releases_readable(metrics, tmp_path):
    shelf = forged(tmp_path / "images", [blob(b"x")], **{"kamado.metrics": metrics})
    told = run("releases", "toy-conversion", "--in", f"oci:{shelf.folder}")
    assert (told.returncode, told.stderr) == (0, "")
    assert "toy-conversion-rel-000001" in told.stdout


def test_a_document_that_was_lost_stops_nobody(shelf, tmp_path):
    index = json.loads((shelf.folder / "index.json").read_bytes())
    index["manifests"].append(descriptor(b"lost", "application/vnd.other"))
    (shelf.folder / "index.json").write_bytes(dump(index))
    told = run("fetch", "toy-conversion", "--in", f"oci:{shelf.folder}", "--into", str(tmp_path / "back"))
    assert (told.returncode, told.stderr) == (0, "")
