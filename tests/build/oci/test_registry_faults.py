"""A registry that is busy, slow, broken or away, at every request of a push."""

import http.server
import json
from dataclasses import replace

import pytest

from build.oci.image import digest_of
from build.oci.publish import publish
from build.oci.registry_session import RegistryError
from tests.build.oci.registry_stores import (
    HURRIED,
    IMPATIENT,
    PAPERS,
    QUICK,
    between,
    fetch,
    store_at,
)
from tests.contracts.image_store import image
from tests.services.fault_proxy import fault_proxy
from tests.services.http import serving


class TestTrouble:
    """At every request of a push, one kind after the other."""

    @pytest.fixture
    def requests_of_a_push(self, host, tmp_path):
        with fault_proxy(host) as calm:
            publish(
                store_at(calm.host, f"calm/{tmp_path.name.lower()}", tmp_path),
                image(),
                "toy-1",
                before_tag=lambda _: PAPERS,
            )
            return len(calm.seen)

    # A push takes as long for each request that is faulty: where two kinds take one path through the client, only one
    # of them is met at every request.
    @pytest.mark.parametrize(
        ("kind", "step"), [("500", 2), ("429", 4), ("lost", 1), ("reset", 3), ("slow", 8), ("half", 2)]
    )
    def test_that_passes_is_waited_for(self, kind, step, requests_of_a_push, host, tmp_path):
        assert requests_of_a_push > 15
        for number in range(0, requests_of_a_push, step):
            repository = f"{kind}/{number}"
            with fault_proxy(host) as now:
                now.faults = {number: kind}
                policy = IMPATIENT if kind == "slow" else QUICK
                faulty = store_at(now.host, repository, tmp_path, policy=policy)
                published = publish(faulty, image(), "toy-1", before_tag=lambda _: PAPERS)
            assert published.digest == image().digest
            assert fetch(host, repository, "toy-1") == (image().manifest, image().config, [b"the server", b"the model"])

    @pytest.mark.parametrize("kind", ["500", "429", "reset"])
    def test_that_stays_is_a_refusal_without_a_tag_and_the_next_run_completes(
        self, kind, requests_of_a_push, host, tmp_path
    ):
        for number in range(0, requests_of_a_push, 3):
            repository = f"stays-{kind}/{number}"
            with fault_proxy(host) as now:
                now.faults = dict.fromkeys(range(number, 1000), kind)
                with pytest.raises(RegistryError, match="4 times") as refusal:
                    publish(store_at(now.host, repository, tmp_path), image(), "toy-1", before_tag=lambda _: PAPERS)
            assert [problem.code for problem in refusal.value.problems] == ["registry-unreachable"]
            tagged_last = number == requests_of_a_push - 1
            assert tagged_last or fetch(host, repository, "toy-1") is None
            publish(store_at(host, repository, tmp_path), image(), "toy-1", before_tag=lambda _: PAPERS)
            assert fetch(host, repository, "toy-1")[2] == [b"the server", b"the model"]


class Odd(http.server.BaseHTTPRequestHandler):
    """Answers of the right status and of no sense."""

    def log_message(self, *_):
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
        assert store_at(host, "team/one", tmp_path).client.size(digest_of(b"the server")) == -1


def test_a_registry_without_sense_is_refused(tmp_path):
    with serving(Odd) as host:
        with pytest.raises(RegistryError, match="lists its tags in a circle"):
            store_at(host, "team/one", tmp_path).tags()
        with pytest.raises(RegistryError, match="begins an upload and does not say where"):
            publish(store_at(host, "team/one", tmp_path), image(), "toy-1")


@pytest.mark.parametrize(
    ("host", "reason"), [("127.0.0.1:1", "Connection refused"), ("registry.invalid", r"Name or service not known")]
)
def test_a_registry_that_is_away_is_told_in_the_words_of_the_system(host, reason, tmp_path):
    with pytest.raises(RegistryError, match=rf"{host}/team/one: cannot be reached \({reason}\), 4 times"):
        store_at(host, "team/one", tmp_path).tags()


def test_a_blob_that_breaks_off_is_gone_on_with(host, repository, tmp_path):
    layer = image(size=300_000).layers[0]
    publish(store_at(host, repository, tmp_path), image(size=300_000), "toy-1")
    with fault_proxy(host) as now:
        now.faults = {0: "half", 1: "half"}
        with store_at(now.host, repository, tmp_path).blob(layer.digest) as file:
            assert digest_of(file.read()) == layer.digest
    assert len(now.seen) == 3


@pytest.mark.case("a registry that refuses to mount a base from another repository")
@pytest.mark.parametrize("answer", [400, 401, 403, 404, 405, 202, "202-nowhere"])
def test_a_mount_that_is_refused_is_replaced_by_an_upload(host, repository, tmp_path, outcome, answer):
    publish(store_at(host, "team/base-of-mounts", tmp_path), image(), "base-1")
    with fault_proxy(host) as now:
        now.mounts = answer
        origin = f"{now.host}/team/base-of-mounts"
        layers = tuple(replace(layer, origin=origin) for layer in image(b"ours").layers)
        published = publish(store_at(now.host, repository, tmp_path), replace(image(b"ours"), layers=layers), "toy-1")
        mounts = sum("mount=" in path for _, path in now.seen)
    outcome(f"{published.outcome} after {mounts} mounts were asked for")
    assert fetch(host, repository, "toy-1")[2] == [b"the server", b"ours"]
    assert mounts == (2 if answer in (202, "202-nowhere") else 1)  # refused once, it is not asked for again


@pytest.mark.case("an error body of a registry")
def test_codes_and_messages_of_an_error_body_are_told(host, tmp_path, outcome):
    def happens(handler):
        errors = [{"code": "NAME_UNKNOWN", "message": "no such\x1b[31m repository", "detail": {"x": "y" * 2000}}]
        body = {"errors": [*errors, {"code": "DENIED"}, "odd", {"code": None}]}
        handler._send(400, json.dumps(body).encode(), {})
        return True

    with between(host, happens) as proxy, pytest.raises(RegistryError) as refusal:
        store_at(proxy, "team/one", tmp_path).tags()
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

    with between(host, happens) as proxy:
        assert store_at(proxy, repository, tmp_path).tags() == []
    assert next(answers, None) is None


@pytest.mark.case("an answer that comes a byte at a time and never ends")
@pytest.mark.parametrize("kind", ["drip", "drip-head"])
def test_an_answer_that_never_ends_is_a_refusal(host, tmp_path, outcome, kind):
    digest = digest_of(b"the server")
    with fault_proxy(host) as now:
        now.always = kind
        ours = store_at(now.host, "team/one", tmp_path, policy=HURRIED)
        calls = {"a list of tags": ours.tags, "a manifest": lambda: ours.manifest(digest)}
        calls["a blob"] = lambda: ours.blob(digest).read()
        for name, call in calls.items():
            with pytest.raises(RegistryError) as refusal:
                call()
            assert [problem.code for problem in refusal.value.problems] == ["registry-slow"], name
    outcome(refusal.value.problems[0])
    assert len(now.seen) == 3  # what is slow on purpose is so again


def test_a_list_of_more_bytes_than_any_is_a_refusal(host, tmp_path):
    policy = replace(QUICK, list_bytes=10_000)
    pages = iter(range(10_000))

    def happens(handler):
        number = next(pages)
        link = {"Link": f'</v2/team/one/tags/list?last=t{number}>; rel="next"'}
        handler._send(200, json.dumps({"tags": ["t" * 4_000]}).encode(), link)
        return True

    with between(host, happens) as proxy, pytest.raises(RegistryError, match="without end: 3 on 3 pages"):
        store_at(proxy, "team/one", tmp_path, policy=policy).tags()


@pytest.mark.case("a list of tags whose next page always exists")
def test_a_list_without_end_is_a_refusal(host, tmp_path, outcome):
    pages = iter(range(10_000))

    def happens(handler):
        number = next(pages)
        link = {"Link": f'</v2/team/one/tags/list?last=t{number}>; rel="next"'}
        handler._send(200, json.dumps({"tags": [f"t{number}"]}).encode(), link)
        return True

    policy = replace(HURRIED, listing=600.0)
    with between(host, happens) as proxy, pytest.raises(RegistryError, match="without end: 50 on 50 pages") as refusal:
        store_at(proxy, "team/one", tmp_path, policy=policy).tags()
    outcome(refusal.value.problems[0])
    assert refusal.value.problems[0].code == "registry-slow"
