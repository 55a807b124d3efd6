"""Bases that are given: in a folder, in a real registry, behind a registry's login."""

import base64
import contextlib
import http.server
import json
import os
import shutil
import subprocess
import sys

import pytest
import requests

from build.image.base.base import BaseError, architecture
from build.image.base.blob_cache import Blobs
from build.image.base.folder import folder_base
from build.image.base.manifest import read_base
from build.image.base.registry import Registry, registry_base
from build.image.base.resolve import server_base
from build.oci.credentials import CredentialsError, DockerLogin, docker_login
from build.oci.image import INDEX, MANIFEST, Image, digest_of, dump
from build.oci.layout import Layout
from build.oci.reference import HUB, Reference
from tests.contracts.publish import blob
from tests.services.http import serving
from tests.services.registry import registry


def server(machine: str = "", *, config: dict | None = None) -> Image:
    layers = (blob(b"debian"), blob(b"libraries"))
    told = {
        "architecture": machine or architecture(),
        "os": "linux",
        "config": config or {},
        "rootfs": {"type": "layers", "diff_ids": [layer.digest for layer in layers]},
    }
    return Image(dump(told), layers)


def contents(base) -> list[bytes]:
    found = []
    for layer in base.layers:
        with layer.open() as file:
            found.append(file.read())
    return found


def codes(refusal) -> list[str]:
    return [problem.code for problem in refusal.value.problems]


class TestAFolder:
    @pytest.fixture
    def folder(self, tmp_path):
        Layout(tmp_path / "bases").publish(server(), "server-1")
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
        Layout(folder).publish(server("s390x"), "other")
        with pytest.raises(BaseError) as refusal:
            folder_base(f"{folder}:other")
        assert codes(refusal) == ["base-platform"]

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
    Layout(folder).publish(server(), "1")
    target = f"docker://{host}/team/server:1"
    command = ["skopeo", "copy", "--quiet", "--preserve-digests", "--dest-tls-verify=false", f"oci:{folder}:1", target]
    subprocess.run(command, check=True, capture_output=True)
    return f"{host}/team/server"


class TestARegistry:
    def test_is_read_by_tag_and_by_digest(self, pushed, tmp_path):
        for reference in (f"{pushed}:1", f"{pushed}@{server().digest}", f"{pushed}:1@{server().digest}"):
            base = server_base(reference, cache=tmp_path, report=print)
            assert (base.kind, base.name, base.digest) == ("registry", pushed, server().digest)
            assert base.config["architecture"] == architecture()
            assert contents(base) == [b"debian", b"libraries"]

    def test_sends_each_layer_once(self, pushed, tmp_path):
        blobs = Blobs(tmp_path)
        contents(registry_base(f"{pushed}:1", blobs=blobs))
        kept = {path: path.stat().st_mtime_ns for path in tmp_path.iterdir()}
        contents(registry_base(f"{pushed}:1", blobs=blobs))
        assert {path: path.stat().st_mtime_ns for path in tmp_path.iterdir()} == kept

    def test_with_an_index_gives_the_image_of_this_processor(self, pushed, tmp_path):
        index(pushed, "many", [("s390x", "sha256:" + "0" * 64), (architecture(), server().digest)])
        assert registry_base(f"{pushed}:many", blobs=Blobs(tmp_path)).digest == server().digest

    def test_with_an_index_of_others_says_which(self, pushed, tmp_path):
        index(pushed, "others", [("s390x", server().digest)])
        with pytest.raises(BaseError, match="only linux/s390x"):
            registry_base(f"{pushed}:others", blobs=Blobs(tmp_path))

    def test_without_the_image_is_refused_by_name(self, pushed, tmp_path):
        with pytest.raises(BaseError, match="has no image 2"):
            registry_base(f"{pushed}:2", blobs=Blobs(tmp_path))

    def test_that_is_not_there_is_refused_by_name(self, tmp_path):
        with pytest.raises(BaseError, match=r"127\.0\.0\.1:1/team/server: cannot be reached"):
            registry_base("127.0.0.1:1/team/server:1", blobs=Blobs(tmp_path))


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


class Guarded(http.server.BaseHTTPRequestHandler):
    """A registry of one base that asks for a token, or for name and password, and may lie about a layer."""

    scheme, lies, refuse_first, refuse_tokens, break_tokens, realm = "Bearer", False, 0, 0, 0, ""

    def log_message(self, *_):
        pass

    def do_GET(self):
        if type(self).refuse_first:
            type(self).refuse_first -= 1
            return self.answer(503)
        if self.path.startswith("/token"):
            if type(self).refuse_tokens:
                type(self).refuse_tokens -= 1
                return self.answer(503)
            if type(self).break_tokens:
                type(self).break_tokens -= 1
                self.send_response(200)
                self.send_header("Content-Length", "100")
                self.end_headers()
                return self.wfile.write(b'{"tok')
            assert self.path == "/token?service=ours&scope=repository%3Aserver%3Apull"
            return self.answer(200, b'{"token": "let me in"}')
        user = base64.b64encode(b"me:secret").decode()
        if self.headers.get("Authorization") not in ("Bearer let me in", f"Basic {user}"):
            realm = self.realm or f"http://{self.headers['Host']}/token"
            return self.answer(
                401, challenge=f'{self.scheme} realm="{realm}",service="ours",scope="repository:server:pull"'
            )
        if "/manifests/" in self.path:
            return self.answer(200, server().manifest)
        held = {blob.digest: blob.open().read() for blob in server().layers} | {
            digest_of(server().config): server().config
        }
        data = held[self.path.rpartition("/")[2]]
        return self.answer(200, b"something else" if self.lies and data == b"libraries" else data)

    def answer(self, status, body=b"", *, challenge=None):
        self.send_response(status)
        if challenge:
            self.send_header("WWW-Authenticate", challenge)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


@contextlib.contextmanager
def guarded(**settings):
    handler = type("Handler", (Guarded,), settings)
    with serving(handler) as host:
        yield host


HELPER = """
import json, sys
if sys.argv[1] != "get" or sys.stdin.read().strip() != "registry.example":
    print("credentials not found in native keychain")
    sys.exit(1)
print(json.dumps({"Username": "me", "Secret": "kept by a helper"}))
"""


def kept(folder, host):
    """What `docker login` leaves."""
    folder.joinpath("config.json").write_text(
        json.dumps({"auths": {host: {"auth": base64.b64encode(b"me:secret").decode()}}})
    )
    return DockerLogin(host, folder / "config.json")


class TestALogin:
    def test_for_a_token_is_done(self, tmp_path):
        with guarded() as host:
            assert contents(registry_base(f"{host}/server:1", blobs=Blobs(tmp_path))) == [b"debian", b"libraries"]

    def test_with_name_and_password_is_done(self, tmp_path):
        with guarded(scheme="Basic") as host:
            source = Registry(host, "server", blobs=Blobs(tmp_path), login=kept(tmp_path, host))
            assert read_base(source, "1").digest == server().digest

    def test_that_nobody_made_is_a_refusal_that_says_how(self, tmp_path):
        with guarded(scheme="Basic") as host, pytest.raises(BaseError, match="docker login"):
            registry_base(f"{host}/server:1", blobs=Blobs(tmp_path))

    def test_for_a_token_waits_for_who_gives_it(self, tmp_path):
        with guarded(refuse_tokens=2) as host:
            assert registry_base(f"{host}/server:1", blobs=Blobs(tmp_path)).digest == server().digest

    def test_for_a_token_is_done_again_where_the_answer_breaks_off(self, tmp_path):
        with guarded(break_tokens=1) as host:
            assert registry_base(f"{host}/server:1", blobs=Blobs(tmp_path)).digest == server().digest

    def test_for_a_token_that_nobody_gives_says_who_is_away(self, tmp_path):
        with (
            guarded(realm="http://127.0.0.1:1/token") as host,
            pytest.raises(BaseError, match=r"wants a token of http://127\.0\.0\.1:1/token, which cannot be reached"),
        ):
            registry_base(f"{host}/server:1", blobs=Blobs(tmp_path))

    @pytest.mark.parametrize("named", ["registry.example", "https://registry.example", "https://registry.example/v1/"])
    def test_is_known_by_every_name_that_docker_gives_it(self, tmp_path, named):
        kept(tmp_path, named)
        login = DockerLogin("registry.example", tmp_path / "config.json")
        assert login.credentials(renew=False) == ("me", "secret")

    def test_of_dockers_own_registry_is_kept_under_another_name(self, tmp_path):
        kept(tmp_path, "https://index.docker.io/v1/")
        assert DockerLogin(HUB, tmp_path / "config.json").credentials(renew=False) == ("me", "secret")

    def test_is_asked_of_the_credential_helper_that_docker_would_ask(self, tmp_path, monkeypatch):
        helper = tmp_path / "docker-credential-test"
        helper.write_text(f"#!{sys.executable}\n{HELPER}")
        helper.chmod(0o755)
        monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
        monkeypatch.setenv("DOCKER_CONFIG", str(tmp_path))
        (tmp_path / "config.json").write_text('{"credsStore": "test"}')
        assert docker_login("registry.example").credentials(renew=False) == ("me", "kept by a helper")
        assert docker_login("other.example").credentials(renew=False) is None
        (tmp_path / "config.json").write_text('{"credsStore": "absent"}')
        with pytest.raises(
            CredentialsError, match=r"docker-credential-absent not installed.*docker login registry\.example"
        ):
            docker_login("registry.example").credentials(renew=False)

    @pytest.mark.parametrize("content", ["{", "[]", '{"auths": {"registry.example": {"auth": "%"}}}', '{"auths": 3}'])
    def test_that_cannot_be_read_is_a_refusal_that_names_the_file(self, tmp_path, content):
        (tmp_path / "config.json").write_text(content)
        with pytest.raises(CredentialsError, match=rf"{tmp_path}/config.json: cannot be read"):
            DockerLogin("registry.example", tmp_path / "config.json").credentials(renew=False)

    def test_is_found_where_docker_keeps_it(self, tmp_path):
        login = kept(tmp_path, "registry.example")
        assert login.credentials(renew=False) == ("me", "secret")
        assert login.credentials(renew=True) is None  # it knows no other after these were turned down
        assert DockerLogin("other.example", login.config).credentials(renew=False) is None
        assert DockerLogin("registry.example", tmp_path / "absent.json").credentials(renew=False) is None


def test_a_registry_that_is_busy_is_asked_again(tmp_path):
    with guarded(refuse_first=2) as host:
        assert registry_base(f"{host}/server:1", blobs=Blobs(tmp_path)).digest == server().digest


def test_a_layer_that_is_not_its_digest_is_refused_and_not_kept(tmp_path):
    with guarded(lies=True) as host, pytest.raises(BaseError) as refusal:
        contents(registry_base(f"{host}/server:1", blobs=Blobs(tmp_path)))
    assert codes(refusal) == ["base-digest"]
    held = {f"sha256:{path.name}" for path in tmp_path.iterdir()}
    assert server().layers[1].digest not in held
    assert len(held) == 2


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
    found = Reference.parse(text)
    assert (found.host, found.repository, found.reference) == expected


@pytest.mark.parametrize(
    "text", ["", "Python", "a b", "host.example/", "python@sha256:123", "http://host.example/python"]
)
def test_a_reference_that_is_none_is_refused(text, tmp_path):
    with pytest.raises(BaseError, match="does not name an image"):
        registry_base(text, blobs=Blobs(tmp_path))
