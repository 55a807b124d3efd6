"""A registry that lies, and what it must never get from a client that trusts it."""

import http.server
import json
import re
from typing import ClassVar

import pytest

from build.oci.image import INDEX, digest_of
from build.oci.publish import publish
from build.oci.referrers import fallback_tag
from build.oci.registry_client import RegistryClient
from build.oci.registry_session import RegistryError
from model.errors import OutputError
from tests.build.oci.registry_stores import (
    PAPERS,
    QUICK,
    between,
    store_at,
)
from tests.contracts.image_store import blob, image
from tests.services.http import serving


@pytest.mark.parametrize("header", [f"sha256:{'0' * 64}", "toy-1", f"sha512:{'0' * 128}"])
def test_what_a_header_says_of_a_digest_is_not_believed(host, repository, tmp_path, header):
    digest = publish(store_at(host, repository, tmp_path), image(), "toy-1").digest

    def happens(handler):
        if handler.command == "HEAD" and "/manifests/" in handler.path:
            handler._send(200, b"", {"Docker-Content-Digest": header})
            return True
        return False

    with between(host, happens) as proxy:
        if header.startswith("sha256:"):
            with pytest.raises(RegistryError, match="registry-digest"):
                store_at(proxy, repository, tmp_path).resolve(digest)
        else:
            assert store_at(proxy, repository, tmp_path).resolve("toy-1") == digest


class Login:
    def credentials(self, *, renew):
        return ("me", "secret")


class Elsewhere(http.server.BaseHTTPRequestHandler):
    """Where a registry sends its clients on to. It would like to know who they are."""

    heard: ClassVar[list[str | None]] = []

    def log_message(self, *_):
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

        with between(host, happens) as proxy:
            client = RegistryClient(proxy, "team/one", login=Login(), policy=QUICK)
            with pytest.raises(RegistryError, match="registry-denied"):
                client.upload(blob(b"the model"))
            with pytest.raises(RegistryError, match="registry-denied"):
                b"".join(client.stream(blob(b"the model").digest))
    assert Elsewhere.heard == [None, None]


def test_a_page_in_place_of_a_manifest_is_refused(host, repository, tmp_path):
    def happens(handler):
        handler._send(200, b"<html></html>", {})
        return True

    with between(host, happens) as proxy, pytest.raises(RegistryError, match="not a JSON object: b'<html>"):
        publish(store_at(proxy, repository, tmp_path), image(), "toy-1")


class Page(http.server.BaseHTTPRequestHandler):
    """A proxy's page in place of the registry's answers."""

    def log_message(self, *_):
        pass

    def do_GET(self):
        self.send_response(200)
        self.send_header("Content-Length", "13")
        self.end_headers()
        self.wfile.write(b"<html></html>")


def test_a_page_in_place_of_an_answer_is_refused_and_shown(tmp_path):
    with serving(Page) as host, pytest.raises(RegistryError, match="not a JSON object: b'<html>"):
        store_at(host, "team/one", tmp_path).tags()


@pytest.mark.case("a registry whose upload addresses hold a secret, and which fails there")
def test_the_secrets_of_an_upload_are_never_told(host, repository, tmp_path, outcome):
    def happens(handler):
        if handler.command != "PUT":
            return False
        handler.rfile.read(int(handler.headers["Content-Length"]))
        message = f"cannot go on with http://me:hunter2@{handler.headers['Host']}{handler.path}"
        handler._send(400, json.dumps({"errors": [{"code": "BLOB_UPLOAD_INVALID", "message": message}]}).encode(), {})
        return True

    with between(host, happens) as proxy, pytest.raises(RegistryError) as refusal:
        publish(store_at(proxy, repository, tmp_path), image(), "toy-1")
    outcome(refusal.value.problems[0])
    assert "BLOB_UPLOAD_INVALID" in str(refusal.value)
    assert "_state=…" in str(refusal.value)
    assert not re.search(r"_state=[^…]|hunter2", str(refusal.value))


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

    with between(host, happens) as proxy:
        ours = store_at(proxy, "team/one", tmp_path)
        lists = b"manifests" in WRONG_TYPES[answer]
        call = (lambda: ours.referrers(digest_of(b"the model"))) if lists else ours.tags
        with pytest.raises(RegistryError) as refusal:
            call()
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

    with between(host, happens) as proxy, pytest.raises(RegistryError) as refusal:
        store_at(proxy, "team/one", tmp_path).tags()
    assert [problem.code for problem in refusal.value.problems] == ["registry-denied"]


def test_a_fallback_list_of_another_type_is_a_refusal(host, repository, tmp_path):
    ours = store_at(host, repository, tmp_path)
    digest = publish(ours, image(), "toy-1", before_tag=lambda _: PAPERS).digest

    def happens(handler):
        if handler.command == "GET" and fallback_tag(digest) in handler.path:
            handler._send(200, b'{"manifests": {"digest": "x"}}', {"Content-Type": INDEX})
            return True
        return False

    with between(host, happens) as proxy, pytest.raises(OutputError, match="store-broken"):
        store_at(proxy, repository, tmp_path).referrers(digest)
