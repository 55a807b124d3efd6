"""A released bundle comes back from its image as it went in, or not at all."""

import gzip
import json
import tarfile
from io import BytesIO
from pathlib import Path

import pytest

from build import oci
from build.fetch import fetch
from build.gate import refuse_unless_sound
from build.image import prepare
from build.publish.attachment import descriptor
from build.publish.layout import Layout
from build.releases import BUILD_TAG, promote
from model.bundle import FILES, bundle_digest
from model.errors import BundleRefused
from tests.build.test_image import BASE
from tests.build.test_releases import run
from tests.contracts.publish import blob


@pytest.fixture
def shelf(sound, verdict, tmp_path):
    """A place with one release of the sound bundle."""
    (tmp_path / "work").mkdir()
    candidate = prepare(BASE, sound, verdict, refuse_unless_sound(sound, verdict), tmp_path / "work")
    place = Layout(tmp_path / "images")
    place.publish(candidate.image, candidate.tag)
    promote(place, "toy-conversion", candidate.tag)
    return place


def test_bundle_and_verdict_come_back_byte_for_byte(shelf, sound, verdict, tmp_path):
    told = run("fetch", "toy-conversion", "--in", f"oci:{shelf.folder}", "--into", str(tmp_path / "back"))
    assert (told.returncode, told.stderr) == (0, "")
    assert bundle_digest(sound) in told.stdout
    for name in FILES:
        assert (tmp_path / "back" / "bundle" / name).read_bytes() == (sound / name).read_bytes()
    assert (tmp_path / "back" / "verdict.json").read_bytes() == verdict.read_bytes()


def test_a_folder_that_holds_something_is_left_as_it_is(shelf, tmp_path):
    (tmp_path / "back").mkdir()
    (tmp_path / "back" / "mine").write_text("kept")
    told = run("fetch", "toy-conversion", "--in", f"oci:{shelf.folder}", "--into", str(tmp_path / "back"))
    assert told.returncode == 1
    assert "is there already" in told.stderr
    assert (tmp_path / "back" / "mine").read_text() == "kept"


def test_a_model_without_a_release_is_refused_with_the_command_that_makes_one(shelf):
    told = run("fetch", "other", "--in", f"oci:{shelf.folder}")
    assert told.returncode == 1
    assert "python -m build promote other TAG" in told.stderr


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
    for content in (packed.getvalue(), b"no archive at all"):
        tag = f"toy-conversion-{len(content)}"
        labels = {"kamado.model": "toy-conversion", BUILD_TAG: tag}
        config = {"architecture": "amd64", "os": "linux", "config": {"Labels": labels}}
        image = oci.Image(oci.dump(config), (blob(content),))
        shelf.publish(image, tag)
        promote(shelf, "toy-conversion", tag)
        assert "[layer-broken]" in refused(shelf, tmp_path / "back")


def test_a_bundle_other_than_the_label_says_is_refused(shelf, sound, verdict, tmp_path):
    (tmp_path / "again").mkdir()
    candidate = prepare(BASE, sound, verdict, refuse_unless_sound(sound, verdict), tmp_path / "again")
    config = json.loads(candidate.image.config)
    config["config"]["Labels"] |= {"kamado.bundle": "sha256:" + "0" * 64, BUILD_TAG: "toy-conversion-forged"}
    shelf.publish(oci.Image(oci.dump(config), candidate.image.layers), "toy-conversion-forged")
    found = promote(shelf, "toy-conversion", "toy-conversion-forged")
    with pytest.raises(BundleRefused, match="the image's label says"):
        fetch(shelf, found, tmp_path / "back", report=print)
    assert not (tmp_path / "back").exists()


def forged(folder, layers, **labels) -> Layout:
    """A place whose newest release somebody made by hand."""
    shelf = Layout(folder)
    config = {"config": {"Labels": {"kamado.model": "toy-conversion", BUILD_TAG: "forged", **labels}}}
    shelf.publish(oci.Image(oci.dump({"architecture": "amd64", "os": "linux", **config}), tuple(layers)), "forged")
    promote(shelf, "toy-conversion", "forged")
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


def test_a_header_that_tarfile_stumbles_over_is_refused(tmp_path):
    with tarfile.open(fileobj=(packed := BytesIO()), mode="w:gz", format=tarfile.PAX_FORMAT) as tar:
        head = tarfile.TarInfo("opt/kamado/verdict.json")
        head.pax_headers = {"GNU.sparse.major": "0", "GNU.sparse.map": "x", "GNU.sparse.size": "1"}
        tar.addfile(head)
    shelf = forged(tmp_path / "images", [blob(packed.getvalue())])
    assert "[layer-broken]" in refused(shelf, tmp_path / "back")


def test_a_layer_that_holds_a_file_twice_is_refused(sound, verdict, tmp_path):
    """An engine would serve the second."""
    (tmp_path / "work").mkdir()
    candidate = prepare(BASE, sound, verdict, refuse_unless_sound(sound, verdict), tmp_path / "work")
    with tarfile.open(fileobj=(packed := BytesIO()), mode="w:gz") as tar:
        with tarfile.open(candidate.layer.path) as source:
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
    data = oci.dump(manifest)
    (shelf.blobs / oci.digest_of(data).removeprefix("sha256:")).write_bytes(data)
    index = json.loads((shelf.folder / "index.json").read_bytes())
    for entry in index["manifests"]:
        entry["digest"] = oci.digest_of(data)
    (shelf.folder / "index.json").write_bytes(oci.dump(index))
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
    (shelf.folder / "index.json").write_bytes(oci.dump(index))
    told = run("fetch", "toy-conversion", "--in", f"oci:{shelf.folder}", "--into", str(tmp_path / "back"))
    assert (told.returncode, told.stderr) == (0, "")
