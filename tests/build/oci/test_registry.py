"""Images in a registry: the contract of an image store against CNCF Distribution, and a builder that is killed."""

import json
import random
import shutil
import signal
import subprocess
import time
from dataclasses import replace
from typing import ClassVar
from urllib.parse import parse_qs, urlsplit

import pytest
import requests

from build.oci.image import DOCKER_CONFIG, DOCKER_LAYER, DOCKER_MANIFEST, INDEX, MANIFEST, Image, digest_of
from build.oci.json_documents import ImageManifest, Index
from build.oci.publish import publish
from build.oci.referrers import EMPTY, descriptor, fallback_tag, index
from build.oci.registry_session import RegistryError
from model.errors import OutputError
from tests.build.oci.registry_stores import PAPERS, between, fetch, full, never, store_at
from tests.build.publisher import into_registry, started
from tests.contracts.image_store import ImageStoreContract, blob, image
from tests.services.fault_proxy import FaultProxy, Handler, fault_proxy
from tests.services.http import serving
from tests.services.registry import registry


class TestRegistry(ImageStoreContract):
    @pytest.fixture
    def another(self, host, repository, tmp_path):
        return lambda: store_at(host, repository, tmp_path)

    @pytest.fixture
    def store(self, another):
        return another()

    @pytest.fixture
    def read(self, host, repository):
        return lambda tag: fetch(host, repository, tag)


def test_the_same_again_sends_nothing(host, repository, tmp_path):
    publish(store_at(host, repository, tmp_path), image(), "toy-1", before_tag=lambda _: PAPERS)
    with fault_proxy(host) as now:
        again = publish(store_at(now.host, repository, tmp_path), image(), "toy-1", before_tag=lambda _: PAPERS)
    assert again.outcome == "unchanged"
    assert now.sent == 0
    assert {method for method, _ in now.seen} <= {"HEAD", "GET"}


def test_of_a_base_in_the_same_registry_no_byte_is_sent(host, repository, tmp_path):
    size = 3_000_000
    publish(store_at(host, "team/base", tmp_path), image(size=size), "base-1")
    base = replace(image(size=size).layers[0], origin=None)
    with fault_proxy(host) as now:
        mountable = replace(base, origin=f"{now.host}/team/base", open=never)
        ours = Image(image(b"ours").config, (mountable, blob(b"ours")))
        publish(store_at(now.host, repository, tmp_path), ours, "toy-1")
    assert now.sent < 5_000 < base.size
    assert fetch(host, repository, "toy-1")[2] == [b"the server" * size, b"ours"]


def test_a_registry_without_room_is_a_refusal_without_a_tag(tmp_path):
    """Its disk holds four megabytes; the layer has eight."""
    with full(tmp_path / "disk") as disk, registry(disk) as host:
        with pytest.raises(RegistryError, match=r"answered 50\d"):
            publish(store_at(host, "team/one", tmp_path), image(size=1_000_000), "toy-1")
        assert store_at(host, "team/one", tmp_path).resolve("toy-1") is None


def test_killed_at_any_moment_no_tag_names_half_an_image_and_the_next_run_completes(host, tmp_path):
    layers = [b"the server" * 3_000_000, b"the model" * 3_000_000]
    draw = random.Random(7)
    killed = 0
    for number in range(20):
        repository = f"killed/{number}"
        child = started(into_registry, host, repository, tmp_path)
        time.sleep(draw.uniform(0, 0.35))
        child.kill()
        child.join()
        killed += child.exitcode == -signal.SIGKILL
        fetched = fetch(host, repository, "toy-1")
        assert fetched is None or fetched[2] == layers
    publish(store_at(host, repository, tmp_path), image(size=3_000_000), "toy-1")
    assert fetch(host, repository, "toy-1")[2] == layers
    assert killed >= 5


def test_skopeo_reads_the_same_digest(host, repository, tmp_path):
    if shutil.which("skopeo") is None:
        pytest.skip("needs an independent reader: apt-get install skopeo")
    published = publish(store_at(host, repository, tmp_path), image(), "toy-1")
    where = f"docker://{host}/{repository}:toy-1"
    command = ["skopeo", "inspect", "--tls-verify=false", "--format", "{{.Digest}}", where]
    assert subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip() == published.digest


def test_an_image_on_a_base_of_docker_keeps_dockers_types(host, repository, tmp_path):
    """The two families are never mixed: engines refuse that."""
    layers = tuple(replace(layer, media_type=DOCKER_LAYER) for layer in image().layers)
    docker_s = Image(image().config, layers, docker=True)
    published = publish(store_at(host, repository, tmp_path), docker_s, "toy-1", before_tag=lambda _: PAPERS)
    manifest = json.loads(fetch(host, repository, "toy-1")[0])
    assert manifest["mediaType"] == DOCKER_MANIFEST
    assert manifest["config"]["mediaType"] == DOCKER_CONFIG
    assert {layer["mediaType"] for layer in manifest["layers"]} == {DOCKER_LAYER}
    assert len(store_at(host, repository, tmp_path).referrers(published.digest)) == 1


class Guarded(Handler):
    """Asks for a token, and for one that allows writing when something is written, as Docker's own registry does."""

    tokens: ClassVar[dict[str, str]] = {"pull": "may-read", "pull,push": "may-write"}
    scopes: ClassVar[list[str]] = []

    def pass_on(self):
        if self.path.startswith("/token"):
            scope = parse_qs(urlsplit(self.path).query)["scope"][0]
            self.scopes.append(scope)
            return self._send(200, json.dumps({"token": self.tokens[scope.rpartition(":")[2]]}).encode(), {})
        needed = "pull" if self.command in ("GET", "HEAD") else "pull,push"
        if self.headers.get("Authorization") not in (f"Bearer {self.tokens[needed]}", "Bearer may-write"):
            realm = f'Bearer realm="http://{self.now.host}/token",service="r",scope="repository:team/one:{needed}"'
            return self._send(401, b"{}", {"WWW-Authenticate": realm})
        return super().pass_on()

    do_GET = do_HEAD = do_POST = do_PUT = do_PATCH = pass_on


def test_a_registry_that_gives_tokens_is_asked_for_the_right_to_write(host, tmp_path):
    now = FaultProxy(host)
    with now.pool, serving(type("Handler", (Guarded,), {"now": now})) as now.host:
        published = publish(store_at(now.host, "team/guarded", tmp_path), image(), "toy-1")
    assert published.digest == image().digest
    assert {scope.rpartition(":")[2] for scope in Guarded.scopes} == {"pull", "pull,push"}
    assert fetch(host, "team/guarded", "toy-1")[2] == [b"the server", b"the model"]


def test_documents_of_others_are_passed_over(host, repository, tmp_path):
    """Anybody who may push may tie documents to an image, of a form of their own."""
    ours = store_at(host, repository, tmp_path)
    digest = publish(ours, image(), "toy-1", before_tag=lambda _: PAPERS).digest
    theirs = ImageManifest(
        schema_version=2,
        media_type=MANIFEST,
        artifact_type="application/vnd.other",
        config=EMPTY.descriptor,
        layers=(),
        subject=image().manifest_blob.descriptor,
    ).encode()
    deep = theirs[:-1] + b',"x":' + b"[" * 5_000 + b"]" * 5_000 + b"}"
    for manifest in (theirs, deep):
        ours.client.put(digest_of(manifest), manifest, MANIFEST)
    known = Index.parse(ours.client.manifest(fallback_tag(digest)).data).manifests
    gone = descriptor(b"gone", "application/vnd.expired")
    listed = index([*(descriptor(manifest, "application/vnd.other") for manifest in (theirs, deep)), gone, *known])
    now = FaultProxy(host)
    with now.pool, serving(type("Handler", (Listing,), {"listed": listed, "now": now})) as outer:
        documents = store_at(outer, repository, tmp_path).referrers(digest)
    assert [document.media_type for document in documents] == ["text/plain"]


class Listing(Handler):
    """A registry that keeps the list of referrers itself."""

    listed = b""

    def pass_on(self):
        if "/referrers/" in self.path:
            return self._send(200, self.listed, {"Content-Type": INDEX})
        return super().pass_on()

    do_GET = do_HEAD = pass_on


def test_a_tag_that_another_machine_took_while_this_one_waited_does_not_move(host, repository, tmp_path):
    other, digests = store_at(host, repository, tmp_path / "other"), []

    def happens(handler):
        if handler.command == "PUT" and handler.path.endswith("/toy-1") and not digests:
            handler.rfile.read(int(handler.headers["Content-Length"]))
            digests.append(publish(other, image(b"another model"), "toy-1").digest)
            handler._send(503, b"{}", {"Retry-After": "0"})
            return True
        return False

    with between(host, happens) as proxy, pytest.raises(OutputError, match="tag-taken"):
        publish(store_at(proxy, repository, tmp_path / "mine"), image(), "toy-1")
    assert other.resolve("toy-1") == digests[0] == image(b"another model").digest


def test_what_a_registry_lost_is_given_to_it_again(host, repository, tmp_path):
    first = publish(store_at(host, repository, tmp_path), image(), "toy-1")
    requests.delete(f"http://{host}/v2/{repository}/blobs/{image().layers[1].digest}", timeout=10).raise_for_status()
    again = publish(store_at(host, repository, tmp_path), image(), "toy-1")
    assert again.digest == first.digest
    assert fetch(host, repository, "toy-1")[2] == [b"the server", b"the model"]


def test_a_damaged_image_is_replaced_by_the_same_content_under_another_compression(host, repository, tmp_path):
    publish(store_at(host, repository, tmp_path), image(), "toy-1")
    requests.delete(f"http://{host}/v2/{repository}/blobs/{image().layers[1].digest}", timeout=10).raise_for_status()
    other = Image(image().config, (image().layers[0], blob(b"the model, compressed by another zlib")))
    assert publish(store_at(host, repository, tmp_path), other, "toy-1").outcome == "written"
    assert store_at(host, repository, tmp_path).resolve("toy-1") == other.digest
