"""The OCI layout folder: the contract of a store, an independent reader, and a builder killed at any moment."""

import json
import random
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest

from build.oci.image import INDEX, MANIFEST, Image, digest_of
from build.oci.json_documents import dump
from build.oci.layout import REF_NAME, Layout
from build.oci.publish import publish
from build.oci.referrers import descriptor
from build.oci.store import Attachment
from model.errors import OutputError
from tests.build.publisher import into_layout, started
from tests.contracts.image_store import ImageStoreContract, blob, image

ROOT = Path(__file__).resolve().parents[3]


def fetch(folder: Path, tag: str):
    """Manifest, config and layers of a tag, each compared with its digest; None without the tag."""
    if not (folder / "index.json").exists():
        return None
    index = json.loads((folder / "index.json").read_bytes())
    digests = [entry["digest"] for entry in index["manifests"] if entry["annotations"][REF_NAME] == tag]
    if not digests:
        return None

    def blob(digest):
        data = (folder / "blobs" / "sha256" / digest.removeprefix("sha256:")).read_bytes()
        assert digest_of(data) == digest
        return data

    manifest = blob(digests[0])
    named = json.loads(manifest)
    return manifest, blob(named["config"]["digest"]), [blob(layer["digest"]) for layer in named["layers"]]


class TestLayout(ImageStoreContract):
    @pytest.fixture
    def store(self, tmp_path):
        return Layout(tmp_path / "images")

    @pytest.fixture
    def another(self, tmp_path):
        return lambda: Layout(tmp_path / "images")

    @pytest.fixture
    def read(self, tmp_path):
        return lambda tag: fetch(tmp_path / "images", tag)


def test_skopeo_reads_the_same_digest(tmp_path):
    if shutil.which("skopeo") is None:
        pytest.skip("needs an independent reader: apt-get install skopeo")
    published = publish(Layout(tmp_path / "images"), image(), "toy-1")
    command = ["skopeo", "inspect", "--format", "{{.Digest}}", f"oci:{tmp_path}/images:toy-1"]
    result = subprocess.run(command, capture_output=True, text=True, check=True)
    assert result.stdout.strip() == published.digest


def test_nothing_but_the_layout_is_left_behind(tmp_path):
    publish(Layout(tmp_path), image(), "toy-1")
    names = sorted(path.name for path in tmp_path.iterdir() if path.name != ".lock")
    assert names == ["blobs", "index.json", "oci-layout"]
    assert len(list((tmp_path / "blobs" / "sha256").iterdir())) == 4


def test_images_of_others_in_the_folder_stay(tmp_path):
    stranger = {"mediaType": MANIFEST, "digest": "sha256:" + "0" * 64, "size": 2}
    index = {"schemaVersion": 2, "mediaType": INDEX, "manifests": [stranger]}
    (tmp_path / "index.json").write_text(json.dumps(index))
    publish(Layout(tmp_path), image(), "toy-1")
    assert stranger in json.loads((tmp_path / "index.json").read_bytes())["manifests"]


def test_a_blob_that_the_disk_lost_is_written_again(tmp_path):
    publish(Layout(tmp_path), image(), "toy-1")
    lost = tmp_path / "blobs" / "sha256" / image().layers[1].digest.removeprefix("sha256:")
    lost.write_bytes(b"the mo")
    assert publish(Layout(tmp_path), image(), "toy-1").outcome == "written"
    assert fetch(tmp_path, "toy-1")[2][1] == b"the model"


def test_a_damaged_image_is_replaced_by_the_same_content_under_another_compression(tmp_path):
    publish(Layout(tmp_path), image(), "toy-1")
    (tmp_path / "blobs" / "sha256" / image().layers[1].digest.removeprefix("sha256:")).unlink()
    other = Image(image().config, (image().layers[0], blob(b"the model, compressed by another zlib")))
    assert publish(Layout(tmp_path), other, "toy-1").outcome == "written"
    assert Layout(tmp_path).tags() == ["toy-1"]
    assert Layout(tmp_path).resolve("toy-1") == other.digest


@pytest.mark.parametrize("content", ["", "not JSON", "[]", '{"manifests": 3}'])
def test_an_index_that_is_none_is_refused_and_kept(content, tmp_path):
    (tmp_path / "index.json").write_text(content)
    with pytest.raises(OutputError, match="is not an OCI index"):
        publish(Layout(tmp_path), image(), "toy-1")
    assert (tmp_path / "index.json").read_text() == content


def test_a_manifest_that_somebody_edited_is_refused(tmp_path):
    digest = publish(Layout(tmp_path), image(), "toy-1").digest
    path = tmp_path / "blobs" / "sha256" / digest.removeprefix("sha256:")
    path.write_bytes(path.read_bytes().replace(b'"schemaVersion":2', b'"schemaVersion":3'))
    with pytest.raises(OutputError, match="blob-digest"):
        Layout(tmp_path).manifest(digest)


def test_documents_of_others_are_passed_over(tmp_path):
    store = Layout(tmp_path)
    digest = publish(store, image(), "toy-1", before_tag=lambda _: [Attachment("text/plain", b"ours")]).digest
    theirs = dump({"subject": {"digest": digest}, "blobs": []})
    (tmp_path / "blobs" / "sha256" / digest_of(theirs).removeprefix("sha256:")).write_bytes(theirs)
    index = json.loads((tmp_path / "index.json").read_bytes())
    index["manifests"].append(json.loads(descriptor(theirs, "application/vnd.other").encode()))
    (tmp_path / "index.json").write_bytes(dump(index))
    assert [document.media_type for document in store.referrers(digest)] == ["text/plain"]


def test_a_place_that_is_a_file_is_refused_by_name(tmp_path):
    (tmp_path / "images").write_text("in the way")
    with pytest.raises(OutputError, match="images: cannot be written"):
        publish(Layout(tmp_path / "images"), image(), "toy-1")


PUBLISH = """
import resource, sys
from pathlib import Path
from build.oci.layout import Layout
from build.oci.publish import publish
from tests.contracts.image_store import image
room = int(sys.argv[2])
resource.setrlimit(resource.RLIMIT_FSIZE, (room, room))
publish(Layout(Path(sys.argv[1])), image(size=1_000_000), "toy-1")
"""


def test_a_full_disk_is_a_refusal_and_no_tag(tmp_path):
    command = [sys.executable, "-c", PUBLISH, str(tmp_path), str(5 << 20)]
    child = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert child.returncode == 1
    assert "cannot be written" in child.stderr
    assert fetch(tmp_path, "toy-1") is None
    assert not list((tmp_path / "blobs" / "sha256").iterdir())


def test_killed_at_any_moment_no_tag_names_half_an_image_and_the_next_run_completes(tmp_path):
    moments, tagged = random.Random(7), 0
    for number in range(12):
        folder = tmp_path / str(number)
        child = started(into_layout, folder)
        time.sleep(moments.uniform(0, 0.08) if number else 0)
        child.kill()
        child.join()
        fetched = fetch(folder, "toy-1")  # compares every digest
        tagged += fetched is not None
        publish(Layout(folder), image(size=1_000_000), "toy-1")
        assert fetch(folder, "toy-1")[2][1] == b"the model" * 1_000_000
        names = {path.name for path in folder.iterdir()}
        assert names == {".lock", "blobs", "index.json", "oci-layout"}
    assert tagged < 12, "every child had finished before it was killed: nothing was tested"
