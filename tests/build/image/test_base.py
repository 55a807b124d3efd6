"""Named bases: in a folder, and in a real registry."""

import json
import shutil
import subprocess
from dataclasses import replace

import pytest
import requests

from build.image.base.base import BaseError, architecture
from build.image.base.named_base import folder_base, registry_base
from build.image.base.resolve import server_base
from build.oci.image import INDEX, MANIFEST
from build.oci.image_config import ImageConfig
from build.oci.json_documents import dump
from build.oci.layout import Layout
from build.oci.publish import publish
from build.oci.reference import Reference
from tests.build.image.server_image import codes, contents, server
from tests.services.registry import registry


class TestAFolder:
    @pytest.fixture
    def folder(self, tmp_path):
        publish(Layout(tmp_path / "bases"), server(), "server-1")
        return tmp_path / "bases"

    def test_is_read_by_tag_by_digest_or_as_the_only_one(self, folder):
        for reference in (f"{folder}:server-1", f"{folder}@{server().digest}", str(folder)):
            base = folder_base(reference)
            assert (base.kind, base.digest) == ("oci", server().digest)
            assert contents(base) == [b"debian", b"libraries"]

    def test_says_which_images_it_has(self, folder):
        with pytest.raises(BaseError, match="It holds: server-1"):
            folder_base(f"{folder}:server-2")

    @pytest.mark.parametrize("reference", ["/nowhere", "/nowhere:tag", "/etc", "/etc/passwd:x", ""])
    def test_that_is_none_is_refused_by_name(self, reference):
        with pytest.raises(BaseError, match="Use oci:FOLDER:TAG"):
            folder_base(reference)

    def test_of_another_processor_is_refused(self, folder):
        publish(Layout(folder), server("s390x"), "other")
        with pytest.raises(BaseError) as refusal:
            folder_base(f"{folder}:other")
        assert codes(refusal) == ["base-platform"]

    @pytest.mark.parametrize("rootfs", [{}, {"diff_ids": "sha256:1"}, {"diff_ids": ["sha256:" + "1" * 64] * 3}])
    def test_whose_config_does_not_describe_its_layers_is_refused_by_name(self, folder, rootfs):
        config = ImageConfig(json.loads(server().config)).updated({"rootfs": rootfs})
        publish(Layout(folder), replace(server(), config=config.data), "torn")
        with pytest.raises(BaseError, match=f"base oci:{folder}: has 2 layer") as refusal:
            folder_base(f"{folder}:torn")
        assert codes(refusal) == ["base-layers"]

    def test_with_a_damaged_manifest_is_refused(self, folder):
        path = folder / "blobs" / "sha256" / server().digest.removeprefix("sha256:")
        path.write_bytes(path.read_bytes() + b" ")
        with pytest.raises(BaseError) as refusal:
            folder_base(f"{folder}:server-1")
        assert codes(refusal) == ["base-digest"]


@pytest.fixture(scope="module")
def host(tmp_path_factory):
    with registry(tmp_path_factory.mktemp("registry")) as address:
        yield address


@pytest.fixture(scope="module")
def pushed(host, tmp_path_factory):
    """The repository of a server base that skopeo pushed as `server:1`."""
    if shutil.which("skopeo") is None:
        pytest.skip("needs something that pushes: apt-get install skopeo")
    folder = tmp_path_factory.mktemp("bases")
    publish(Layout(folder), server(), "1")
    target = f"docker://{host}/team/server:1"
    command = ["skopeo", "copy", "--quiet", "--preserve-digests", "--dest-tls-verify=false", f"oci:{folder}:1", target]
    subprocess.run(command, check=True, capture_output=True)
    return f"{host}/team/server"


class TestARegistry:
    def test_is_read_by_tag_and_by_digest(self, pushed, tmp_path):
        for reference in (f"{pushed}:1", f"{pushed}@{server().digest}", f"{pushed}:1@{server().digest}"):
            base = server_base(reference, cache=tmp_path, report=print)
            assert (base.kind, base.name, base.digest) == ("registry", pushed, server().digest)
            assert base.config.platform == ("linux", architecture())
            assert contents(base) == [b"debian", b"libraries"]

    def test_sends_each_layer_once(self, pushed, tmp_path):
        contents(registry_base(f"{pushed}:1", cache=tmp_path))
        times = {path: path.stat().st_mtime_ns for path in tmp_path.iterdir()}
        contents(registry_base(f"{pushed}:1", cache=tmp_path))
        assert {path: path.stat().st_mtime_ns for path in tmp_path.iterdir()} == times

    def test_with_an_index_gives_the_image_of_this_processor(self, pushed, tmp_path):
        index(pushed, "many", [("s390x", "sha256:" + "0" * 64), (architecture(), server().digest)])
        assert registry_base(f"{pushed}:many", cache=tmp_path).digest == server().digest

    def test_with_an_index_of_others_says_which(self, pushed, tmp_path):
        index(pushed, "others", [("s390x", server().digest)])
        with pytest.raises(BaseError, match="only linux/s390x"):
            registry_base(f"{pushed}:others", cache=tmp_path)

    def test_without_the_image_is_refused_by_name(self, pushed, tmp_path):
        with pytest.raises(BaseError, match="has no image 2"):
            registry_base(f"{pushed}:2", cache=tmp_path)

    def test_that_is_not_there_is_refused_by_name(self, tmp_path):
        with pytest.raises(BaseError, match=r"127\.0\.0\.1:1/team/server: cannot be reached"):
            registry_base("127.0.0.1:1/team/server:1", cache=tmp_path)


def index(repository: str, tag: str, images: list[tuple[str, str]]) -> None:
    size = len(server().manifest)
    entries = [
        {
            "mediaType": MANIFEST,
            "digest": digest,
            "size": size,
            "platform": {"os": "linux", "architecture": machine},
        }
        for machine, digest in images
        if not digest.endswith("0" * 64)
    ]
    body = dump({"schemaVersion": 2, "mediaType": INDEX, "manifests": entries})
    address, _, path = repository.partition("/")
    url = f"http://{address}/v2/{path}/manifests/{tag}"
    requests.put(url, body, headers={"Content-Type": INDEX}, timeout=10).raise_for_status()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("python", ("registry-1.docker.io", "library/python", "latest")),
        ("team/python:3.11", ("registry-1.docker.io", "team/python", "3.11")),
        ("localhost:5000/server", ("localhost:5000", "server", "latest")),
        ("registry.example/a/b:1@sha256:" + "a" * 64, ("registry.example", "a/b", "sha256:" + "a" * 64)),
    ],
)
def test_a_reference_is_read_as_docker_reads_it(text, expected):
    reference = Reference.parse(text)
    assert (reference.host, reference.repository, reference.reference) == expected


@pytest.mark.parametrize(
    "text", ["", "Python", "a b", "host.example/", "python@sha256:123", "http://host.example/python"]
)
def test_a_reference_that_is_none_is_refused(text, tmp_path):
    with pytest.raises(BaseError, match="does not name an image"):
        registry_base(text, cache=tmp_path)
