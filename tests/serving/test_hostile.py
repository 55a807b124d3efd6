"""Hostile callers: endless heads and bodies, and what every answer says to a browser."""

import json
import re
import socket
import time

import pytest
import requests

from tests.serving.process import running, until

NEVER_DONE = b"POST /predict HTTP/1.1\r\nHost: kamado\r\n"


@pytest.fixture(scope="module")
def impatient(bundle):
    """One second for a head, one for a body."""
    with running(bundle, KAMADO_SECONDS="1", KAMADO_MAX_BYTES="20000") as server:
        yield server


def connect(server):
    return socket.create_connection(server.address, 30)


def everything(connection) -> bytes:
    """All that arrives until the server closes the connection."""
    received = b""
    while data := connection.recv(65536):
        received += data
    return received


def drip(connections, data: bytes, *, times: int) -> None:
    """A byte at a time, so that no connection ever looks idle."""
    for _ in range(times):
        for connection in connections:
            try:
                connection.sendall(data)
            except OSError:  # the server has closed this one
                continue
        time.sleep(0.1)


@pytest.mark.case("a head or a body that never ends, a byte at a time")
def test_what_drips_is_ended(impatient, outcome):
    with connect(impatient) as head, connect(impatient) as body, connect(impatient) as answered:
        head.sendall(NEVER_DONE + b"X-Slow: ")
        body.sendall(NEVER_DONE + b"Content-Length: 10000\r\n\r\n")
        answered.sendall(NEVER_DONE.replace(b"/predict", b"/nothing") + b"Content-Length: 10000\r\n\r\n")
        drip([head, body, answered], b"x", times=35)
        for connection in (head, body, answered):
            connection.settimeout(30)
        first = head.recv(65536)
        assert first.startswith(b"HTTP/1.1 408 ")
        assert b'"head","problem":"was not complete after 1 seconds"' in first
        second = body.recv(65536)
        assert second.startswith(b"HTTP/1.1 408 ")
        assert b'"body","problem":"was not complete after 1 seconds"' in second
        for connection in (head, body, answered):
            with pytest.raises(OSError, match=r"Broken pipe|reset"):
                drip_until_closed(connection)
        outcome(f"{first.splitlines()[0].decode()}, and the connection is closed")


def drip_until_closed(connection, data=b"x"):
    for _ in range(300):
        connection.sendall(data)
        time.sleep(0.1)


@pytest.mark.case("a head of more than 32 kB")
@pytest.mark.parametrize("head", ["whole", "without end", "of many headers"])
def test_a_head_of_too_many_bytes_is_refused(impatient, outcome, head):
    lines = {
        "whole": b"X-Long: " + b"x" * 40_000 + b"\r\n\r\n",
        "without end": b"X-Long: " + b"x" * 1_000_000,
        "of many headers": b"a: b\r\n" * 10_000 + b"\r\n",
    }[head]
    with connect(impatient) as connection:
        connection.sendall(b"GET /healthz HTTP/1.1\r\nHost: kamado\r\n" + lines)
        first = connection.recv(65536)
    outcome(first.partition(b"\r\n")[0].decode())
    assert first.startswith(b"HTTP/1.1 431 ")
    assert b'"head-bytes"' in first


def test_a_head_below_the_limit_is_answered_also_in_pieces(impatient):
    with connect(impatient) as connection:
        for piece in (b"GET /healthz HTTP/1.1\r\nHost: kamado\r\n", b"X-Long: " + b"x" * 30_000, b"\r\n\r\n"):
            connection.sendall(piece)
            time.sleep(0.05)
        assert connection.recv(65536).startswith(b"HTTP/1.1 200 ")


@pytest.mark.case("a caller who hangs up in the middle of a body: counted as a failure of the server, with a traceback")
def test_a_caller_who_hangs_up_is_not_a_failure_of_the_server(server, counted, outcome):
    for _ in range(3):
        with connect(server) as connection:
            connection.sendall(NEVER_DONE + b"Content-Length: 100\r\n\r\n{")
            time.sleep(0.1)
    until(lambda: refusals(counted).get("499") == 3)
    outcome(refusals(counted))
    assert refusals(counted) == {"499": 3}


def refusals(counted) -> dict[str, float]:
    """HTTP status -> number of refusals since the test began."""
    pattern = re.compile(r'kamado_refused_total\{code="[a-z-]+",status="(\d+)"\}')
    return {match[1]: growth for series, growth in counted().items() if growth and (match := pattern.match(series))}


CHUNKED = NEVER_DONE + b"Transfer-Encoding: chunked\r\n\r\n2"


@pytest.mark.case("a chunked body with lines without end around its chunks")
@pytest.mark.parametrize("lines", ["trailers", "one trailer", "a chunk's extension"])
def test_what_surrounds_a_body_has_an_end(impatient, outcome, lines):
    """Httptools keeps all of it: five gigabytes from one caller within eight seconds."""
    head, more = {
        "trailers": (CHUNKED + b"\r\n{}\r\n0\r\n", b"T: aaaaaaaaaa\r\n"),
        "one trailer": (CHUNKED + b"\r\n{}\r\n0\r\nT: ", b"a" * 14),
        "a chunk's extension": (CHUNKED + b";", b"a" * 14),
    }[lines]
    with connect(impatient) as connection:
        connection.sendall(head)
        with pytest.raises(OSError, match=r"Broken pipe|reset"):
            drip_until_closed(connection, more * 5_000)
    with connect(impatient) as connection:
        for piece in (head, more * 1_000, more * 1_000, more * 1_000):
            connection.sendall(piece)
            time.sleep(0.1)
        answer = connection.recv(65536)
    outcome(answer.partition(b"\r\n")[0].decode())
    assert answer.startswith(b"HTTP/1.1 431 ")
    assert b"around its chunks" in answer


def test_a_body_in_many_small_chunks_is_read(impatient):
    with connect(impatient) as connection:
        connection.sendall(NEVER_DONE + b"Transfer-Encoding: chunked\r\n\r\n")
        for _ in range(30):
            connection.sendall(b"000001;" + b"x" * 1_500 + b"\r\n \r\n")
            time.sleep(0.005)
        connection.sendall(b"0\r\nT: end\r\n\r\n")
        assert connection.recv(65536).startswith(b"HTTP/1.1 422 ")


def test_requests_in_one_piece_are_answered_one_after_the_other(impatient):
    with connect(impatient) as connection:
        connection.sendall(b"GET /healthz HTTP/1.1\r\nHost: kamado\r\n\r\n" * 3 + b"GET /healthz HTTP/1.1\r\n")
        time.sleep(0.05)
        connection.sendall(b"Connection: close\r\n\r\n")
        assert everything(connection).count(b"HTTP/1.1 200 OK") == 4


@pytest.mark.case("requests without end on a connection whose answers are not read")
def test_requests_that_wait_on_one_connection_have_an_end(server, counted, outcome):
    with connect(server) as connection, pytest.raises(OSError, match=r"Broken pipe|reset"):
        drip_until_closed(connection, b"GET /openapi.json HTTP/1.1\r\nHost: kamado\r\n\r\n" * 20_000)
    outcome(refusals(counted))
    assert refusals(counted) == {"503": 1}


@pytest.mark.case("requests that follow each other in large pieces: refused as one large head")
def test_requests_that_follow_each_other_are_not_one_large_head(impatient, outcome):
    head = b"GET /healthz HTTP/1.1\r\nHost: kamado\r\nX: " + b"x" * 7_900 + b"\r\n\r\n"
    sent = head * 15 + head.replace(b"\r\nX", b"\r\nConnection: close\r\nX")
    with connect(impatient) as connection:
        for start in range(0, len(sent), 36_000):
            connection.sendall(sent[start : start + 36_000])
            time.sleep(0.05)
        answers = everything(connection)
    outcome(f"{answers.count(b'HTTP/1.1 200 OK')} answers to 16 requests")
    assert answers.count(b"HTTP/1.1 200 OK") == 16


def test_every_answer_forbids_to_guess_its_type(impatient):
    statuses = {
        "/healthz": 200, "/readyz": 200, "/metrics": 200, "/model": 200, "/docs": 200, "/": 200, "/openapi.json": 200,
        "/nothing": 404, "/predict": 405, "/predict/": 404, "/model/": 404,
    }  # fmt: skip
    for path, status in statuses.items():
        answer = requests.get(impatient.url + path, timeout=30, allow_redirects=False)
        assert (answer.status_code, answer.headers["x-content-type-options"]) == (status, "nosniff")
    for body, status in ((b"{}", 422), (b" " * 20_001, 413)):
        answer = requests.post(impatient.url + "/predict", data=body, timeout=30)
        assert (answer.status_code, answer.headers["x-content-type-options"]) == (status, "nosniff")


@pytest.mark.parametrize("request_line", [b"GET /healthz HTTP/9.9", b"\x16\x03\x01\x02", b"CONNECT kamado:80 HTTP/1.1"])
def test_what_is_not_http_is_answered_400_and_counted(impatient, request_line):
    with connect(impatient) as connection:
        connection.sendall(request_line + b"\r\nHost: kamado\r\n\r\n")
        answer = everything(connection)
    assert answer.startswith(b"HTTP/1.1 400 ")
    assert b"X-Content-Type-Options: nosniff" in answer or b"x-content-type-options: nosniff" in answer
    assert 'kamado_refused_total{code="http",status="400"}' in requests.get(impatient.url + "/metrics", timeout=30).text


GARBAGE = b"\x00\x01\r\n\r\n"


@pytest.mark.parametrize("number", [1, 2])
def test_requests_before_what_is_not_http_have_their_own_answers(impatient, row, number):
    """A caller who counts characters in place of bytes sends such a rest."""
    body = json.dumps(row).encode()
    sent = NEVER_DONE + b"Content-Length: %d\r\n\r\n" % len(body) + body
    with connect(impatient) as connection:
        connection.sendall(sent * number + GARBAGE)
        answers = everything(connection)
    assert answers.count(b"HTTP/1.1 ") == answers.count(b"HTTP/1.1 200 OK") == number
    assert answers.count(b"connection: close") == 1


def test_a_body_that_ends_in_no_http_spoils_no_earlier_answer(impatient):
    with connect(impatient) as connection:
        connection.sendall(b"GET /healthz HTTP/1.1\r\nHost: kamado\r\n\r\n" + CHUNKED + b"\r\n{}\r\nzz\r\n")
        answers = everything(connection)
    assert answers.count(b"HTTP/1.1 ") == answers.count(b"HTTP/1.1 200 OK") == 1


@pytest.mark.parametrize(("rest", "status"), [(b"zz\r\n", "400"), (b"2;" + b"x" * 66_000, "431")])
def test_a_body_that_is_refused_by_the_connection_is_counted_once(server, counted, rest, status):
    with connect(server) as connection:
        connection.sendall(CHUNKED + b"\r\n{}\r\n")
        time.sleep(0.05)
        for start in range(0, len(rest), 22_000):
            connection.sendall(rest[start : start + 22_000])
            time.sleep(0.05)
        assert everything(connection).startswith(b"HTTP/1.1 %s " % status.encode())
    until(lambda: counted()["kamado_inflight"] == 0)
    assert refusals(counted) == {status: 1}


def test_a_request_that_is_answered_gets_no_second_answer(impatient):
    with connect(impatient) as connection:
        connection.sendall(CHUNKED.replace(b"/predict", b"/nothing") + b"\r\n{}\r\n")
        first = connection.recv(65536)
        connection.sendall(b"zz\r\n")
        answers = first + everything(connection)
    assert answers.count(b"HTTP/1.1 ") == answers.count(b"HTTP/1.1 404 ") == 1


@pytest.mark.parametrize("protocol", [b"h2c", b"websocket"])
@pytest.mark.parametrize("pieces", [1, 3])
def test_an_offer_of_another_protocol_is_ignored(impatient, row, protocol, pieces):
    """Java's own client makes one of HTTP/2."""
    body = json.dumps(row).encode()
    offer = b"Connection: Upgrade, HTTP2-Settings\r\nUpgrade: %s\r\nHTTP2-Settings: AA\r\n" % protocol
    sent = (NEVER_DONE + offer + b"Content-Length: %d\r\n\r\n" % len(body) + body) * 2
    size = -(-len(sent) // pieces)
    with connect(impatient) as connection:
        for start in range(0, len(sent), size):
            connection.sendall(sent[start : start + size])
            time.sleep(0.02)
        connection.sendall(b"GET /healthz HTTP/1.1\r\nHost: kamado\r\nConnection: close\r\n\r\n")
        answers = everything(connection)
    assert answers.count(b"HTTP/1.1 ") == answers.count(b"HTTP/1.1 200 OK") == 3
    assert answers.count(b'"probability"') == 2
