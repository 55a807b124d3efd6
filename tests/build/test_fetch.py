"""A released bundle comes back from its image as it went in, or not at all."""

import json
import tarfile
from io import BytesIO
from pathlib import Path

import pytest

from build import oci
from build.fetch import fetch
from build.gate import refuse_unless_sound
from build.image import prepare
from build.publish.layout import Layout
from build.releases import promote
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
        labels = {"kamado.model": "toy-conversion", "content": str(len(content))}
        config = {"architecture": "amd64", "os": "linux", "config": {"Labels": labels}}
        image = oci.Image(oci.dump(config), (blob(content),))
        shelf.publish(image, f"toy-conversion-{len(content)}")
        promote(shelf, "toy-conversion", f"toy-conversion-{len(content)}")
        assert "[layer-broken]" in refused(shelf, tmp_path / "back")


def test_a_bundle_other_than_the_label_says_is_refused(shelf, sound, verdict, tmp_path):
    (tmp_path / "again").mkdir()
    candidate = prepare(BASE, sound, verdict, refuse_unless_sound(sound, verdict), tmp_path / "again")
    config = json.loads(candidate.image.config)
    config["config"]["Labels"]["kamado.bundle"] = "sha256:" + "0" * 64
    shelf.publish(oci.Image(oci.dump(config), candidate.image.layers), "toy-conversion-forged")
    found = promote(shelf, "toy-conversion", "toy-conversion-forged")
    with pytest.raises(BundleRefused, match="the image's label says"):
        fetch(shelf, found, tmp_path / "back", report=print)
    assert not (tmp_path / "back").exists()
