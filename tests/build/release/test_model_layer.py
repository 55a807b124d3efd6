"""An image whose model layer somebody made by hand: whatever is in it, it is refused."""

import gzip
import json
import tarfile
from io import BytesIO

import pytest

from build.oci.image import Image, digest_of, dump
from build.oci.layout import Layout
from build.oci.publish import publish
from build.release.releases import BUILD_TAG
from tests.build.release.command import refused, run, tagged
from tests.contracts.image_store import blob


def forged(folder, layers, **labels) -> Layout:
    """A store whose newest release somebody made by hand."""
    store = Layout(folder)
    config = {"config": {"Labels": {"kamado.model": "toy-conversion", BUILD_TAG: "forged", **labels}}}
    publish(store, Image(dump({"architecture": "amd64", "os": "linux", **config}), tuple(layers)), "forged")
    tagged(store, "forged")
    return store


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
    message = refused(forged(tmp_path / "images", [blob(packed.getvalue())]), tmp_path / "back")
    assert "it has more than 200,000,000 bytes" in message


@pytest.mark.case("a layer with a file that says it has an exabyte")
@pytest.mark.parametrize("kind", [tarfile.REGTYPE, tarfile.GNUTYPE_SPARSE], ids=["file", "sparse file"])
def test_a_file_that_ends_far_behind_its_layer_is_refused_at_once(tmp_path, outcome, kind):
    """tarfile would look for that end for years."""
    head = tarfile.TarInfo("etc/motd")
    head.type, head.size = kind, 1 << 60
    packed = gzip.compress(head.tobuf(tarfile.GNU_FORMAT) + bytes(10_240))
    message = refused(forged(tmp_path / "images", [blob(packed)]), tmp_path / "back")
    outcome(message)
    assert "[layer-broken]" in message
    assert "which would end at byte 1,152,921,504,606," in message


def test_a_header_that_tarfile_stumbles_over_is_refused(tmp_path):
    with tarfile.open(fileobj=(packed := BytesIO()), mode="w:gz", format=tarfile.PAX_FORMAT) as tar:
        head = tarfile.TarInfo("opt/kamado/verdict.json")
        head.pax_headers = {"GNU.sparse.major": "0", "GNU.sparse.map": "x", "GNU.sparse.size": "1"}
        tar.addfile(head)
    store = forged(tmp_path / "images", [blob(packed.getvalue())])
    assert "[layer-broken]" in refused(store, tmp_path / "back")


def test_a_layer_that_holds_a_file_twice_is_refused(model, tmp_path):
    """An engine would serve the second."""
    with tarfile.open(fileobj=(packed := BytesIO()), mode="w:gz") as tar:
        with tarfile.open(model.layer.path) as source:
            for member in source:
                tar.addfile(member, source.extractfile(member) if member.isfile() else None)
        tar.addfile(tarfile.TarInfo("opt/kamado/bundle/booster.ubj"))
    message = refused(forged(tmp_path / "images", [blob(packed.getvalue())]), tmp_path / "back")
    assert "holds opt/kamado/bundle/booster.ubj twice" in message


@pytest.mark.parametrize("named", ["sha256:/dev/zero", "sha256:../../index.json", "toy"])
def test_a_digest_that_is_a_path_is_refused(named, tmp_path):
    store = forged(tmp_path / "images", [blob(b"x")])
    manifest = json.loads(store.manifest(store.resolve("forged")))
    manifest["layers"][0]["digest"] = named
    data = dump(manifest)
    (store.blobs / digest_of(data).removeprefix("sha256:")).write_bytes(data)
    index = json.loads((store.folder / "index.json").read_bytes())
    for entry in index["manifests"]:
        entry["digest"] = digest_of(data)
    (store.folder / "index.json").write_bytes(dump(index))
    assert "[layer-broken]" in refused(store, tmp_path / "back")


@pytest.mark.parametrize("metrics", ["no json", '{"auc": "high"}', "[1]"])
def test_metrics_that_are_none_leave_the_list_of_releases_readable(metrics, tmp_path):
    store = forged(tmp_path / "images", [blob(b"x")], **{"kamado.metrics": metrics})
    result = run("releases", "toy-conversion", "--in", f"oci:{store.folder}")
    assert (result.returncode, result.stderr) == (0, "")
    assert "toy-conversion-rel-000001" in result.stdout
