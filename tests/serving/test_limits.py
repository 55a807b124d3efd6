"""Above its limits the server answers at once with an error; probes are always answered."""

import contextlib
import json
import re
import signal
import socket
import time

import pytest

from tests.serving.process import running, until

LIMIT = 2


@pytest.fixture(scope="module")
def narrow(bundle):
    with running(bundle, KAMADO_CONCURRENCY=str(LIMIT), KAMADO_MAX_BYTES="20000") as server:
        yield server


def head(length):
    return f"POST /predict HTTP/1.1\r\nHost: kamado\r\nContent-Length: {length}\r\n\r\n".encode()


@contextlib.contextmanager
def connected(server, number=1):
    """Connections that the server has already accepted."""
    with contextlib.ExitStack() as stack:
        connections = [stack.enter_context(socket.create_connection(server.address, 30)) for _ in range(number)]
        for connection in connections:
            connection.sendall(b"GET /healthz HTTP/1.1\r\nHost: kamado\r\n\r\n")
            assert answer(connection) == (200, {"alive": True})
        yield connections


def answer(connection, *, without_body=0):
    """(status, body) of one answer, behind so many that have no body."""
    data = b""
    while data.count(b"\r\n\r\n") <= without_body:
        data += connection.recv(65536) or pytest.fail(f"the connection was closed after {data!r}")
    head, body = data.split(b"\r\n\r\n")[without_body:]
    lines = dict(line.lower().split(b": ", 1) for line in head.split(b"\r\n")[1:])
    while len(body) < int(lines[b"content-length"]):
        body += connection.recv(65536) or pytest.fail("the connection was closed in the body")
    return int(head.split()[1]), json.loads(body)


@contextlib.contextmanager
def full(server, http, row):
    """A server with as many requests in progress as its limit: their bodies have not arrived yet."""
    body = json.dumps(row).encode()
    with connected(server, LIMIT) as waiting:
        for connection in waiting:
            connection.sendall(head(len(body)))
        until(lambda: http.get(server.url + "/model", timeout=30).status_code == 503)
        yield waiting, body


def test_above_the_limit_the_answer_is_503_at_once_and_says_when_to_ask_again(narrow, http, row):
    with full(narrow, http, row) as (waiting, body):
        refused = http.post(narrow.url + "/predict", json=row, timeout=30)
        assert (refused.status_code, refused.headers["retry-after"]) == (503, "1")
        assert refused.json()["problems"][0]["problem"] == f"is handling {LIMIT} requests already"
        for connection in waiting:
            connection.sendall(body)
            assert answer(connection)[0] == 200
    assert http.post(narrow.url + "/predict", json=row, timeout=30).status_code == 200


PLAIN = b"POST /predict HTTP/1.1\r\nHost: kamado\r\nContent-Length: 2\r\n\r\n{}"


@pytest.mark.parametrize(
    "data",
    [
        PLAIN,
        PLAIN.replace(b"/predict", b"/readyz"),
        PLAIN.replace(b"Host: kamado", b"Transfer-Encoding: chunked"),
        PLAIN.replace(b"Host: kamado", b"Content-Length: 3"),
        PLAIN.replace(b"Host: kamado", b"Connection: close"),
        PLAIN.replace(b"Host: kamado", b"Expect: 100-continue"),
        PLAIN + PLAIN,
        PLAIN + b"\r\n\r\n",
    ],
    ids=["plain", "unlimited", "chunked", "two lengths", "close", "expect", "two", "more"],
)
def test_a_full_server_answers_a_plain_request_as_any_other(narrow, http, row, data):
    """In pieces it is read by the parser."""
    with full(narrow, http, row), connected(narrow, 2) as connections:
        whole = answers(connections[0], data)
        pieces = answers(connections[1], data[:9], data[9:])
    assert whole == pieces
    assert data != PLAIN or [code for code, _ in whole] == [b"503", b"503"]


def answers(connection, *pieces):
    """Status and body of every answer until the connection is closed, which one more request asks for."""
    for piece in (*pieces, b"GET /model HTTP/1.1\r\nConnection: close\r\n\r\n"):
        connection.sendall(piece)
        time.sleep(0.03)
    received = b""
    while more := connection.recv(65536):
        received += more
    return re.findall(rb"HTTP/1.1 (\d+) .*?\r\n\r\n(.*?)(?=HTTP/1.1|$)", received, re.DOTALL)


def test_probes_and_metrics_pass_a_full_server(narrow, http, row):
    with full(narrow, http, row):
        assert http.get(narrow.url + "/healthz", timeout=30).json() == {"alive": True}
        assert http.get(narrow.url + "/readyz", timeout=30).json()["ready"] is True
        assert 'kamado_refused_total{code="busy",status="503"}' in http.get(narrow.url + "/metrics", timeout=30).text


def test_short_requests_that_come_together_are_counted_too(narrow, row):
    """Each ends within one turn of the event loop; without yielding the limit would never be reached."""
    body = json.dumps(row).encode()
    with connected(narrow, 40) as waiting:
        narrow.process.send_signal(signal.SIGSTOP)
        for connection in waiting:
            connection.sendall(head(len(body)) + body)
        narrow.process.send_signal(signal.SIGCONT)
        statuses = [answer(connection)[0] for connection in waiting]
    assert set(statuses) == {200, 503}
    assert statuses.count(200) >= LIMIT


def test_a_caller_who_disconnects_frees_its_slot(narrow, http, row):
    with full(narrow, http, row):
        pass
    until(lambda: http.post(narrow.url + "/predict", json=row, timeout=30).status_code == 200)


def test_a_body_that_declares_too_many_bytes_is_refused_before_it_is_sent(narrow):
    with connected(narrow) as [connection]:
        connection.sendall(head(20_001))
        status, body = answer(connection)
    assert status == 413
    assert body["problems"][0]["problem"] == "has 20001 bytes, the limit is 20000"
    assert "KAMADO_MAX_BYTES, now 20000" in body["problems"][0]["hint"]


def test_a_body_that_does_not_declare_its_length_is_cut_at_the_limit(narrow, http):
    pieces = (b" " * 1000 for _ in range(21))
    refused = http.post(narrow.url + "/predict", data=pieces, timeout=30)
    assert refused.status_code == 413
    assert refused.json()["problems"][0]["problem"] == "has more bytes, the limit is 20000"


def test_a_stop_lets_begun_requests_finish(bundle, row):
    body = json.dumps(row).encode()
    with running(bundle) as server, connected(server) as [connection]:
        connection.sendall(head(len(body)) + body[:10])
        server.process.send_signal(signal.SIGTERM)
        until(lambda: not _listens(server))
        connection.sendall(body[10:])
        assert answer(connection)[0] == 200
        assert server.process.wait(30) == 0


def _listens(server):
    try:
        socket.create_connection(server.address, 30).close()
    except ConnectionRefusedError:
        return False
    return True
