"""Images in a registry: the contract of a place against CNCF Distribution, and trouble at every request."""

import contextlib
import http.server
import json
import os
import random
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import ClassVar
from urllib.parse import parse_qs, urlsplit

import pytest
import requests

from build.image.base.base import BaseError
from build.image.base.blob_cache import Blobs
from build.image.base.registry import registry_base
from build.oci.credentials import DockerLogin
from build.oci.image import DOCKER_CONFIG, DOCKER_LAYER, DOCKER_MANIFEST, INDEX, MANIFEST, Image, digest_of, dump
from build.oci.open_store import open_store
from build.oci.redact import redacted
from build.oci.referrers import descriptor, empty, fallback_tag, index, small
from build.oci.registry import RegistryStore
from build.oci.registry_client import Client, RegistryError
from build.oci.retry import RetryPolicy
from build.oci.store import Attachment
from model.errors import OutputError
from tests.contracts.publish import PublisherContract, blob, image
from tests.services import fault_proxy as weather_of
from tests.services.fault_proxy import weather
from tests.services.http import serving
from tests.services.registry import registry

ROOT = Path(__file__).resolve().parents[3]
ACCEPT = {"Accept": f"{MANIFEST}, {DOCKER_MANIFEST}"}


@pytest.fixture(scope="module")
def host(tmp_path_factory):
    with registry(tmp_path_factory.mktemp("registry")) as host:
        yield host


@pytest.fixture
def repository(request):
    """One per test: what others pushed is not here."""
    return f"team/{re.sub('[^a-z0-9]+', '-', request.node.name.lower()).strip('-')}"


def fetch(host: str, repository: str, tag: str):
    """Manifest, config and layers of a tag as anybody can fetch them, each compared with its digest; None without."""
    root = f"http://{host}/v2/{repository}"
    answer = requests.get(f"{root}/manifests/{tag}", headers=ACCEPT, timeout=10)
    if answer.status_code == 404:
        return None

    def blob(digest):
        data = requests.get(f"{root}/blobs/{digest}", timeout=60).content
        assert digest_of(data) == digest
        return data

    named = answer.json()
    return answer.content, blob(named["config"]["digest"]), [blob(layer["digest"]) for layer in named["layers"]]


class TestRegistry(PublisherContract):
    @pytest.fixture
    def another(self, host, repository, tmp_path):
        return lambda: place(host, repository, tmp_path)

    @pytest.fixture
    def place(self, another):
        return another()

    @pytest.fixture
    def read(self, host, repository):
        return lambda tag: fetch(host, repository, tag)


QUICK = RetryPolicy(attempts=4, first=0.001, answer=10.0)  # a busy disk may keep an answer back for seconds
IMPATIENT = replace(QUICK, answer=1.0)  # less than a slow answer of the proxy takes
HURRIED = replace(QUICK, whole=1.0, listing=1.0, pages=50)


def place(host, repository, tmp_path, *, patience=QUICK):
    login = DockerLogin(host, tmp_path / "absent.json")
    return RegistryStore(Client(host, repository, login=login, patience=patience), locks=tmp_path / "locks")


PAPERS = (Attachment("text/plain", b"signed"),)


class TestTrouble:
    """At every request of a push, one kind after the other."""

    @pytest.fixture
    def requests_of_a_push(self, host, tmp_path):
        with weather(host) as calm:
            place(calm.host, f"calm/{tmp_path.name.lower()}", tmp_path).publish(
                image(), "toy-1", prove=lambda _: PAPERS
            )
            return len(calm.seen)

    # A push takes as long for each request that is spoiled: where two kinds take one path through the client, only one
    # of them is met at every request.
    @pytest.mark.parametrize(
        ("kind", "step"), [("500", 2), ("429", 4), ("lost", 1), ("reset", 3), ("slow", 8), ("half", 2)]
    )
    def test_that_passes_is_waited_for(self, kind, step, requests_of_a_push, host, tmp_path):
        assert requests_of_a_push > 15
        for number in range(0, requests_of_a_push, step):
            repository = f"{kind}/{number}"
            with weather(host) as now:
                now.spoil = {number: kind}
                patience = IMPATIENT if kind == "slow" else QUICK
                spoiled = place(now.host, repository, tmp_path, patience=patience)
                published = spoiled.publish(image(), "toy-1", prove=lambda _: PAPERS)
            assert published.digest == image().digest
            assert fetch(host, repository, "toy-1") == (image().manifest, image().config, [b"the server", b"the model"])

    @pytest.mark.parametrize("kind", ["500", "429", "reset"])
    def test_that_stays_is_a_refusal_without_a_tag_and_the_next_run_completes(
        self, kind, requests_of_a_push, host, tmp_path
    ):
        for number in range(0, requests_of_a_push, 3):
            repository = f"stays-{kind}/{number}"
            with weather(host) as now:
                now.spoil = dict.fromkeys(range(number, 1000), kind)
                with pytest.raises(RegistryError, match="4 times") as refusal:
                    place(now.host, repository, tmp_path).publish(image(), "toy-1", prove=lambda _: PAPERS)
            assert [problem.code for problem in refusal.value.problems] == ["registry-unreachable"]
            tagged_last = number == requests_of_a_push - 1
            assert tagged_last or fetch(host, repository, "toy-1") is None
            place(host, repository, tmp_path).publish(image(), "toy-1", prove=lambda _: PAPERS)
            assert fetch(host, repository, "toy-1")[2] == [b"the server", b"the model"]


def test_the_same_again_sends_nothing(host, repository, tmp_path):
    place(host, repository, tmp_path).publish(image(), "toy-1", prove=lambda _: PAPERS)
    with weather(host) as now:
        again = place(now.host, repository, tmp_path).publish(image(), "toy-1", prove=lambda _: PAPERS)
    assert again.outcome == "unchanged"
    assert now.sent == 0
    assert {method for method, _ in now.seen} <= {"HEAD", "GET"}


def test_of_a_base_in_the_same_registry_no_byte_is_sent(host, repository, tmp_path):
    size = 3_000_000
    place(host, "team/base", tmp_path).publish(image(size=size), "base-1")
    base = replace(image(size=size).layers[0], origin=None)
    with weather(host) as now:
        here = replace(base, origin=f"{now.host}/team/base", open=never)
        ours = Image(image(b"ours").config, (here, blob(b"ours")))
        place(now.host, repository, tmp_path).publish(ours, "toy-1")
    assert now.sent < 5_000 < base.size
    assert fetch(host, repository, "toy-1")[2] == [b"the server" * size, b"ours"]


def never():
    raise AssertionError("nobody needs to read this")


def test_a_registry_without_room_is_a_refusal_without_a_tag(tmp_path):
    """Its disk holds four megabytes; the layer has eight."""
    with full(tmp_path / "disk") as disk, registry(disk) as host:
        with pytest.raises(RegistryError, match=r"answered 50\d"):
            place(host, "team/one", tmp_path).publish(image(size=1_000_000), "toy-1")
        assert place(host, "team/one", tmp_path).digest("toy-1") is None


@contextlib.contextmanager
def full(folder):
    if os.geteuid() != 0:
        pytest.skip("needs root: a disk of four megabytes is mounted")
    folder.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=4m", "tmpfs", folder], check=True)
    try:
        yield folder
    finally:
        subprocess.run(["umount", folder], check=True)


PUBLISH = """
import sys
from pathlib import Path
from tests.build.oci.test_registry import place
from tests.contracts.publish import image
print("ready", flush=True)
place(sys.argv[1], sys.argv[2], Path(sys.argv[3])).publish(image(size=3_000_000), "toy-1")
print("done", flush=True)
"""


def test_killed_at_any_moment_no_tag_names_half_an_image_and_the_next_run_completes(host, tmp_path):
    whole = [b"the server" * 3_000_000, b"the model" * 3_000_000]
    draw = random.Random(7)
    killed = 0
    for number in range(20):
        repository = f"killed/{number}"
        command = [sys.executable, "-c", PUBLISH, host, repository, str(tmp_path)]
        child = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
        assert child.stdout.readline() == "ready\n"
        time.sleep(draw.uniform(0, 0.35))
        child.kill()
        killed += "done" not in child.communicate()[0]
        found = fetch(host, repository, "toy-1")
        assert found is None or found[2] == whole
    place(host, repository, tmp_path).publish(image(size=3_000_000), "toy-1")
    assert fetch(host, repository, "toy-1")[2] == whole
    assert killed >= 5


def test_skopeo_reads_the_same_digest(host, repository, tmp_path):
    if shutil.which("skopeo") is None:
        pytest.skip("needs an independent reader: apt-get install skopeo")
    published = place(host, repository, tmp_path).publish(image(), "toy-1")
    where = f"docker://{host}/{repository}:toy-1"
    command = ["skopeo", "inspect", "--tls-verify=false", "--format", "{{.Digest}}", where]
    assert subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip() == published.digest


def test_an_image_on_a_base_of_docker_keeps_dockers_types(host, repository, tmp_path):
    """The two families are never mixed: engines refuse that."""
    layers = tuple(replace(layer, media_type=DOCKER_LAYER) for layer in image().layers)
    docker_s = Image(image().config, layers, docker=True)
    published = place(host, repository, tmp_path).publish(docker_s, "toy-1", prove=lambda _: PAPERS)
    manifest = json.loads(fetch(host, repository, "toy-1")[0])
    assert manifest["mediaType"] == DOCKER_MANIFEST
    assert manifest["config"]["mediaType"] == DOCKER_CONFIG
    assert {layer["mediaType"] for layer in manifest["layers"]} == {DOCKER_LAYER}
    assert len(place(host, repository, tmp_path).attachments(published.digest)) == 1


class Guarded(weather_of.Handler):
    """Asks for a token, and for one that allows writing when something is written, as Docker's own registry does."""

    given: ClassVar[dict[str, str]] = {"pull": "may-read", "pull,push": "may-write"}
    asked: ClassVar[list[str]] = []

    def pass_on(self):
        if self.path.startswith("/token"):
            scope = parse_qs(urlsplit(self.path).query)["scope"][0]
            self.asked.append(scope)
            return self._send(200, json.dumps({"token": self.given[scope.rpartition(":")[2]]}).encode(), {})
        needed = "pull" if self.command in ("GET", "HEAD") else "pull,push"
        if self.headers.get("Authorization") not in (f"Bearer {self.given[needed]}", "Bearer may-write"):
            realm = f'Bearer realm="http://{self.now.host}/token",service="r",scope="repository:team/one:{needed}"'
            return self._send(401, b"{}", {"WWW-Authenticate": realm})
        return super().pass_on()

    do_GET = do_HEAD = do_POST = do_PUT = do_PATCH = pass_on


def test_a_registry_that_gives_tokens_is_asked_for_the_right_to_write(host, tmp_path):
    now = weather_of.Weather(host)
    with serving(type("Handler", (Guarded,), {"now": now})) as now.host:
        published = place(now.host, "team/guarded", tmp_path).publish(image(), "toy-1")
    assert published.digest == image().digest
    assert {scope.rpartition(":")[2] for scope in Guarded.asked} == {"pull", "pull,push"}
    assert fetch(host, "team/guarded", "toy-1")[2] == [b"the server", b"the model"]


def test_documents_of_others_are_passed_over(host, repository, tmp_path):
    """Anybody who may push may tie documents to an image, of a form of their own."""
    ours = place(host, repository, tmp_path)
    digest = ours.publish(image(), "toy-1", prove=lambda _: PAPERS).digest
    theirs = dump(
        {
            "schemaVersion": 2,
            "mediaType": MANIFEST,
            "artifactType": "application/vnd.other",
            "config": empty().descriptor,
            "layers": [],
            "subject": small(image().manifest, MANIFEST).descriptor,
        }
    )
    deep = theirs[:-1] + b',"x":' + b"[" * 5_000 + b"]" * 5_000 + b"}"
    for one in (theirs, deep):
        ours.client.put(digest_of(one), one, MANIFEST)
    known = json.loads(ours.client.manifest(fallback_tag(digest)).data)["manifests"]
    gone = descriptor(b"gone", "application/vnd.expired")
    listed = index([*(descriptor(one, "application/vnd.other") for one in (theirs, deep)), gone, *known])
    with serving(type("Handler", (Listing,), {"listed": listed, "now": weather_of.Weather(host)})) as outer:
        found = place(outer, repository, tmp_path).attachments(digest)
    assert [one.media_type for one in found] == ["text/plain"]


class Listing(weather_of.Handler):
    """A registry that keeps the list of referrers itself."""

    listed = b""

    def pass_on(self):
        if "/referrers/" in self.path:
            return self._send(200, self.listed, {"Content-Type": INDEX})
        return super().pass_on()

    do_GET = do_HEAD = pass_on


class Odd(http.server.BaseHTTPRequestHandler):
    """Answers of the right status and of no sense."""

    def log_message(self, *told):
        pass

    def do_GET(self):
        self.answer(200, b'{"tags": ["toy-1"]}', {"Link": f'<{self.path}>; rel="next"'})

    def do_HEAD(self):
        self.answer(404)

    def do_POST(self):
        self.answer(202)

    def answer(self, status, body=b"", head=None):
        self.send_response(status)
        for name, value in {"Content-Length": str(len(body)), **(head or {})}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)


class Endless(Odd):
    """Holds every blob, with more bytes than a number has digits for."""

    def do_HEAD(self):
        self.answer(200, head={"Content-Length": "9" * 5_000})


def test_a_size_without_end_is_none(tmp_path):
    with serving(Endless) as host:
        assert place(host, "team/one", tmp_path).client.size(digest_of(b"the server")) == -1


def test_a_registry_without_sense_is_refused(tmp_path):
    with serving(Odd) as host:
        with pytest.raises(RegistryError, match="lists its tags in a circle"):
            place(host, "team/one", tmp_path).tags()
        with pytest.raises(RegistryError, match="begins an upload and does not say where"):
            place(host, "team/one", tmp_path).publish(image(), "toy-1")


@pytest.mark.parametrize(
    ("host", "reason"), [("127.0.0.1:1", "Connection refused"), ("registry.invalid", r"Name or service not known")]
)
def test_a_registry_that_is_away_is_told_in_the_words_of_the_system(host, reason, tmp_path):
    with pytest.raises(RegistryError, match=rf"{host}/team/one: cannot be reached \({reason}\), 4 times"):
        place(host, "team/one", tmp_path).tags()


class Between(weather_of.Handler):
    """Something that happens once, in the middle of a client's request."""

    happens: ClassVar[Callable[..., bool]]

    def pass_on(self):
        if not self.happens(self):
            super().pass_on()

    do_GET = do_HEAD = do_POST = do_PUT = do_PATCH = pass_on


@contextlib.contextmanager
def between(host, happens):
    now = weather_of.Weather(host)
    with serving(type("Handler", (Between,), {"now": now, "happens": staticmethod(happens)})) as now.host:
        yield now.host


def test_a_tag_that_another_machine_took_while_this_one_waited_does_not_move(host, repository, tmp_path):
    other, taken = place(host, repository, tmp_path / "other"), []

    def happens(handler):
        if handler.command == "PUT" and handler.path.endswith("/toy-1") and not taken:
            handler.rfile.read(int(handler.headers["Content-Length"]))
            taken.append(other.publish(image(b"another model"), "toy-1").digest)
            handler._send(503, b"{}", {"Retry-After": "0"})
            return True
        return False

    with between(host, happens) as here, pytest.raises(OutputError, match="tag-taken"):
        place(here, repository, tmp_path / "mine").publish(image(), "toy-1")
    assert other.digest("toy-1") == taken[0] == image(b"another model").digest


@pytest.mark.parametrize("told", [f"sha256:{'0' * 64}", "toy-1", f"sha512:{'0' * 128}"])
def test_what_a_header_says_of_a_digest_is_not_believed(host, repository, tmp_path, told):
    digest = place(host, repository, tmp_path).publish(image(), "toy-1").digest

    def happens(handler):
        if handler.command == "HEAD" and "/manifests/" in handler.path:
            handler._send(200, b"", {"Docker-Content-Digest": told})
            return True
        return False

    with between(host, happens) as here:
        if told.startswith("sha256:"):
            with pytest.raises(RegistryError, match="registry-digest"):
                place(here, repository, tmp_path).digest(digest)
        else:
            assert place(here, repository, tmp_path).digest("toy-1") == digest


def test_a_blob_that_breaks_off_is_gone_on_with(host, repository, tmp_path):
    layer = image(size=300_000).layers[0]
    place(host, repository, tmp_path).publish(image(size=300_000), "toy-1")
    with weather(host) as now:
        now.spoil = {0: "half", 1: "half"}
        with place(now.host, repository, tmp_path).blob(layer.digest) as file:
            assert digest_of(file.read()) == layer.digest
    assert len(now.seen) == 3


def test_what_a_registry_lost_is_given_to_it_again(host, repository, tmp_path):
    first = place(host, repository, tmp_path).publish(image(), "toy-1")
    requests.delete(f"http://{host}/v2/{repository}/blobs/{image().layers[1].digest}", timeout=10).raise_for_status()
    again = place(host, repository, tmp_path).publish(image(), "toy-1")
    assert again.digest == first.digest
    assert fetch(host, repository, "toy-1")[2] == [b"the server", b"the model"]


class Login:
    def credentials(self, *, renew):
        return ("me", "secret")


class Elsewhere(http.server.BaseHTTPRequestHandler):
    """Where a registry sends its clients on to. It would like to know who they are."""

    heard: ClassVar[list[str | None]] = []

    def log_message(self, *told):
        pass

    def do_GET(self):
        self.heard.append(self.headers.get("Authorization"))
        self.send_response(401)
        self.send_header("WWW-Authenticate", f'Bearer realm="http://{self.headers["Host"]}/token"')
        self.send_header("Content-Length", "0")
        self.end_headers()

    def do_PUT(self):
        self.rfile.read(int(self.headers["Content-Length"]))
        self.do_GET()


def test_whom_a_registry_sends_us_on_to_never_gets_the_login(host, tmp_path):
    with serving(Elsewhere) as elsewhere:

        def happens(handler):
            if handler.command == "HEAD":
                handler._send(404, b"", {})
            elif handler.command == "POST":
                handler._send(202, b"", {"Location": f"http://{elsewhere}/upload"})
            else:
                handler._send(307, b"", {"Location": f"http://{elsewhere}/blob"})
            return True

        with between(host, happens) as here:
            client = Client(here, "team/one", login=Login(), patience=QUICK)
            with pytest.raises(RegistryError, match="registry-denied"):
                client.upload(blob(b"the model"))
            with pytest.raises(RegistryError, match="registry-denied"):
                b"".join(client.stream(blob(b"the model").digest))
    assert Elsewhere.heard == [None, None]


def test_a_page_in_place_of_a_manifest_is_refused(host, repository, tmp_path):
    def happens(handler):
        handler._send(200, b"<html></html>", {})
        return True

    with between(host, happens) as here, pytest.raises(RegistryError, match="not a JSON object: b'<html>"):
        place(here, repository, tmp_path).publish(image(), "toy-1")


class Page(http.server.BaseHTTPRequestHandler):
    """A proxy's page in place of the registry's answers."""

    def log_message(self, *told):
        pass

    def do_GET(self):
        self.send_response(200)
        self.send_header("Content-Length", "13")
        self.end_headers()
        self.wfile.write(b"<html></html>")


def test_a_page_in_place_of_an_answer_is_refused_and_shown(tmp_path):
    with serving(Page) as host, pytest.raises(RegistryError, match="not a JSON object: b'<html>"):
        place(host, "team/one", tmp_path).tags()


# what a registry does to a client that trusts it


@pytest.mark.case("a registry that refuses to mount a base from another repository")
@pytest.mark.parametrize("answer", [400, 401, 403, 404, 405, 202, "202-nowhere"])
def test_a_mount_that_is_refused_is_replaced_by_an_upload(host, repository, tmp_path, outcome, answer):
    place(host, "team/base-of-mounts", tmp_path).publish(image(), "base-1")
    with weather(host) as now:
        now.mounts = answer
        origin = f"{now.host}/team/base-of-mounts"
        layers = tuple(replace(layer, origin=origin) for layer in image(b"ours").layers)
        published = place(now.host, repository, tmp_path).publish(replace(image(b"ours"), layers=layers), "toy-1")
        asked = sum("mount=" in path for _, path in now.seen)
    outcome(f"{published.outcome} after {asked} mounts were asked for")
    assert fetch(host, repository, "toy-1")[2] == [b"the server", b"ours"]
    assert asked == (2 if answer in (202, "202-nowhere") else 1)  # refused once, it is not asked for again


@pytest.mark.case("an error body of a registry")
def test_codes_and_messages_of_an_error_body_are_told(host, tmp_path, outcome):
    def happens(handler):
        errors = [{"code": "NAME_UNKNOWN", "message": "no such\x1b[31m repository", "detail": {"x": "y" * 2000}}]
        body = {"errors": [*errors, {"code": "DENIED"}, "odd", {"code": None}]}
        handler._send(400, json.dumps(body).encode(), {})
        return True

    with between(host, happens) as here, pytest.raises(RegistryError) as refusal:
        place(here, "team/one", tmp_path).tags()
    problem = refusal.value.problems[0]
    outcome(problem)
    assert problem.code == "registry-denied"  # as the second code says, whatever the status
    assert problem.problem.endswith(r"n=1000: NAME_UNKNOWN: no such\x1b[31m repository; DENIED")


def test_too_many_requests_are_waited_for_whatever_their_status(host, repository, tmp_path):
    answers = iter([json.dumps({"errors": [{"code": "TOOMANYREQUESTS", "message": "later"}]}).encode()])

    def happens(handler):
        body = next(answers, None)
        if body is not None:
            handler._send(403, b"" if handler.command == "HEAD" else body, {})
        return body is not None

    with between(host, happens) as here:
        assert place(here, repository, tmp_path).tags() == []
    assert next(answers, None) is None


@pytest.mark.case("a registry whose upload addresses hold a secret, and which fails there")
def test_the_secrets_of_an_upload_are_never_told(host, repository, tmp_path, outcome):
    def happens(handler):
        if handler.command != "PUT":
            return False
        handler.rfile.read(int(handler.headers["Content-Length"]))
        told = f"cannot go on with http://me:hunter2@{handler.headers['Host']}{handler.path}"
        handler._send(400, json.dumps({"errors": [{"code": "BLOB_UPLOAD_INVALID", "message": told}]}).encode(), {})
        return True

    with between(host, happens) as here, pytest.raises(RegistryError) as refusal:
        place(here, repository, tmp_path).publish(image(), "toy-1")
    outcome(refusal.value.problems[0])
    assert "BLOB_UPLOAD_INVALID" in str(refusal.value)
    assert "_state=…" in str(refusal.value)
    assert not re.search(r"_state=[^…]|hunter2", str(refusal.value))


@pytest.mark.case("an answer that comes a byte at a time and never ends")
@pytest.mark.parametrize("kind", ["drip", "drip-head"])
def test_an_answer_that_never_ends_is_a_refusal(host, tmp_path, outcome, kind):
    digest = digest_of(b"the server")
    with weather(host) as now:
        now.always = kind
        ours = place(now.host, "team/one", tmp_path, patience=HURRIED)
        asked = {"a list of tags": ours.tags, "a manifest": lambda: ours.manifest(digest)}
        asked["a blob"] = lambda: ours.blob(digest).read()
        for what, ask in asked.items():
            with pytest.raises(RegistryError) as refusal:
                ask()
            assert [problem.code for problem in refusal.value.problems] == ["registry-slow"], what
    outcome(refusal.value.problems[0])
    assert len(now.seen) == 3  # what is slow on purpose is so again


def test_a_list_of_more_bytes_than_any_is_a_refusal(host, tmp_path, monkeypatch):
    monkeypatch.setattr("build.oci.registry_client.GREATEST_LIST", 10_000)
    pages = iter(range(10_000))

    def happens(handler):
        number = next(pages)
        link = {"Link": f'</v2/team/one/tags/list?last=t{number}>; rel="next"'}
        handler._send(200, json.dumps({"tags": ["t" * 4_000]}).encode(), link)
        return True

    with between(host, happens) as here, pytest.raises(RegistryError, match="without end: 3 on 3 pages"):
        place(here, "team/one", tmp_path).tags()


@pytest.mark.case("a list of tags whose next page always exists")
def test_a_list_without_end_is_a_refusal(host, tmp_path, outcome):
    pages = iter(range(10_000))

    def happens(handler):
        number = next(pages)
        link = {"Link": f'</v2/team/one/tags/list?last=t{number}>; rel="next"'}
        handler._send(200, json.dumps({"tags": [f"t{number}"]}).encode(), link)
        return True

    patience = replace(HURRIED, listing=600.0)
    with between(host, happens) as here, pytest.raises(RegistryError, match="without end: 50 on 50 pages") as refusal:
        place(here, "team/one", tmp_path, patience=patience).tags()
    outcome(refusal.value.problems[0])
    assert refusal.value.problems[0].code == "registry-slow"


WRONG_TYPES = {
    "a list": b"[]",
    "a text": b'"tags"',
    "nothing": b"null",
    "tags as a text": b'{"tags": "toy-1"}',
    "tags as numbers": b'{"tags": [1]}',
    "tags as an object": b'{"tags": {"toy-1": 1}}',
    "manifests as a text": b'{"manifests": "x"}',
    "manifests of texts": b'{"manifests": ["x"]}',
    "manifests without a digest": b'{"manifests": [{"digest": 5}]}',
    "a digest that leads elsewhere": b'{"manifests": [{"digest": "../../other/manifests/x"}]}',
}


@pytest.mark.case("an answer of a registry of the wrong JSON type")
@pytest.mark.parametrize("answer", WRONG_TYPES)
def test_an_answer_of_another_type_is_a_refusal(host, tmp_path, outcome, answer):
    def happens(handler):
        handler._send(200, WRONG_TYPES[answer], {"Content-Type": INDEX})
        return True

    with between(host, happens) as here:
        ours = place(here, "team/one", tmp_path)
        lists = b"manifests" in WRONG_TYPES[answer]
        ask = (lambda: ours.attachments(digest_of(b"the model"))) if lists else ours.tags
        with pytest.raises(RegistryError) as refusal:
            ask()
    outcome(refusal.value.problems[0])
    assert [problem.code for problem in refusal.value.problems] == ["registry-answer"]


@pytest.mark.parametrize("token", [b'{"token": 5}', b'{"token": ["x"]}', b'{"token": "a\\r\\nX: y"}', b"[]", b"{}"])
def test_a_token_that_is_none_is_a_refusal(host, tmp_path, token):
    def happens(handler):
        if handler.path.startswith("/token"):
            handler._send(200, token, {})
        else:
            handler._send(401, b"{}", {"WWW-Authenticate": f'Bearer realm="http://{handler.now.host}/token"'})
        return True

    with between(host, happens) as here, pytest.raises(RegistryError) as refusal:
        place(here, "team/one", tmp_path).tags()
    assert [problem.code for problem in refusal.value.problems] == ["registry-denied"]


def test_a_fallback_list_of_another_type_is_a_refusal(host, repository, tmp_path):
    ours = place(host, repository, tmp_path)
    digest = ours.publish(image(), "toy-1", prove=lambda _: PAPERS).digest

    def happens(handler):
        if handler.command == "GET" and fallback_tag(digest) in handler.path:
            handler._send(200, b'{"manifests": {"digest": "x"}}', {"Content-Type": INDEX})
            return True
        return False

    with between(host, happens) as here, pytest.raises(OutputError, match="place-broken"):
        place(here, repository, tmp_path).attachments(digest)


@pytest.mark.case("a place or a base with a password in its address")
@pytest.mark.parametrize(
    "address",
    [
        "registry://me:hunter2@registry.example/kamado",
        "registry://me@corp.example:hunter2@registry.example/kamado",
        "registry://me:hunter2/@registry.example/kamado",
        "registry://me:@hunter2@registry.example/kamado",
        "registry://me:hunter2@[::1/x",
        "ecr://me:hunter2@x/y",
    ],
)
def test_a_password_in_an_address_is_refused_and_not_told(tmp_path, outcome, address):
    with pytest.raises(OutputError) as refusal:
        open_store(address, cache=tmp_path)
    outcome(refusal.value.problems[0])
    assert [problem.code for problem in refusal.value.problems] == ["place-login"]
    assert "hunter2" not in str(refusal.value)


@pytest.mark.parametrize(
    "reference",
    [
        "me:hunter2@registry.example/base:1",
        "me@corp.example:hunter2@registry.example/base:1",
        "me:1/hunter2@registry.example/base:1",
        "https://me:hunter2@registry.example/base",
    ],
)
def test_a_password_in_the_address_of_a_base_is_refused_and_not_told(tmp_path, reference):
    with pytest.raises(BaseError, match="holds a login") as refusal:
        registry_base(reference, blobs=Blobs(tmp_path))
    assert "hunter2" not in str(refusal.value)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("https://me:pw@h.example/v2/?_state=abc&digest=sha256:1", "https://…@h.example/v2/?_state=…&digest=sha256:1"),
        ("me:pw@h.example/x", "…@h.example/x"),
        ("me@corp.example:p/w@h.example/x", "…@h.example/x"),
        ("kamado:tag@sha256:0123", "kamado:tag@sha256:0123"),
        ("h.example:5000/kamado:tag@sha256:0123", "h.example:5000/kamado:tag@sha256:0123"),
        ("answered 404 to GET tags/list?n=1000&last=a", "answered 404 to GET tags/list?n=1000&last=a"),
        ("PUT https://s3.example/x?X-Amz-Signature=1f&n=2", "PUT https://s3.example/x?X-Amz-Signature=…&n=2"),
    ],
)
def test_what_is_said_of_an_address_holds_no_secret(text, said):
    assert redacted(text) == said
    assert redacted(said) == said


def test_help_does_not_print_the_password_of_the_default_store():
    environ = {**os.environ, "KAMADO_IMAGES": "registry://me:hunter2@registry.example/kamado"}
    command = [sys.executable, "-m", "cli", "image", "--help"]
    told = subprocess.run(command, cwd=ROOT, env=environ, capture_output=True, text=True, check=True).stdout
    assert "KAMADO_IMAGES" in told
    assert "hunter2" not in told
