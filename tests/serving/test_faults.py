"""Bodies that nobody should send: each gets a clear 4xx with a code, at a cost that does not depend on its size."""

import json
import re
import socket

import pytest
import requests

from tests.serving.process import running, until
from tests.serving.test_limits import answer, connected, head

MEGABYTE = 1 << 20


def batch_of(rows, names):
    column = b"[" + b",".join([b"null"] * rows) + b"]"
    return b'{"columns":{' + b",".join(json.dumps(name).encode() + b":" + column for name in names) + b"}}"


def faults(row):
    """Name -> (route, body, status, code)."""
    text = json.dumps(row).encode()
    return {
        "empty": ("/predict", b"", 422, "json"),
        "truncated": ("/predict", text[:-1], 422, "json"),
        "two values": ("/predict", text + text, 422, "json"),
        "deep lists": ("/predict", b"[" * 100_000 + b"]" * 100_000, 422, "json"),
        "deep objects": ("/predict:batch", b'{"columns":' * 100_000 + b"1" + b"}" * 100_000, 422, "object"),
        "a key twice": ("/predict", text[:-1] + b',"rent":1}', 422, "twice"),
        "NaN": ("/predict", re.sub(rb'"rent": [^,}]+', b'"rent": NaN', text), 422, "number"),
        "-Infinity": ("/predict", re.sub(rb'"rent": [^,}]+', b'"rent": -Infinity', text), 422, "number"),
        "a number as a string": ("/predict", json.dumps({**row, "rent": "80000"}).encode(), 422, "number"),
        "200,000 rows": ("/predict:batch", batch_of(200_000, row), 413, "rows"),
        "1,000,000 rows": ("/predict:batch", batch_of(1_000_000, row), 413, "bytes"),
        "600,000 unknown keys": (
            "/predict",
            b"{" + b",".join(b'"k%d":1' % key for key in range(600_000)) + b"}",
            422,
            "extra",
        ),
        "600,000 unknown keys behind a column": (
            "/predict:batch",
            b'{"columns":{"rent":[1],' + b",".join(b'"k%d":1' % key for key in range(600_000)) + b"}}",
            422,
            "extra",
        ),
        "80,000 rows as objects": (
            "/predict:batch",
            b'{"rows":[' + b",".join([re.sub(rb"[0-9.]+", b"1", text)] * 80_000) + b"]}",
            413,
            "rows",
        ),
        "invalid UTF-8": ("/predict", text.replace(b"Ota", b"O\xff"), 422, "json"),
        "UTF-16": ("/predict", json.dumps(row).encode("utf-16"), 422, "json"),
        "NUL": ("/predict", b"\x00" * 1000, 422, "json"),
    }


def test_every_fault_is_a_clear_4xx(predict, row, server):
    got, expected = {}, {}
    for name, (route, body, status, code) in faults(row).items():
        answer = predict(body, route)
        got[name] = answer.status_code, answer.json()["problems"][0]["code"], len(answer.content) < 10_000
        expected[name] = status, code, True
    assert got == expected
    assert requests.get(server.url + "/readyz", timeout=30).status_code == 200


@pytest.mark.parametrize("declared", ["text/plain", "application/x-www-form-urlencoded", "x" * 1000])
def test_a_body_of_another_type_is_refused(server, row, declared):
    headers = {"content-type": declared}
    answer = requests.post(server.url + "/predict", json.dumps(row), headers=headers, timeout=30)
    assert (answer.status_code, answer.json()["problems"][0]["code"]) == (415, "content-type")
    assert len(answer.content) < 500


@pytest.mark.parametrize("declared", ["application/json; charset=utf-8", "Application/JSON"])
def test_json_may_be_declared_in_every_way(server, row, declared):
    answer = requests.post(server.url + "/predict", json.dumps(row), headers={"content-type": declared}, timeout=30)
    assert answer.status_code == 200


def resident_bytes(server):
    text = requests.get(server.url + "/metrics", timeout=30).text
    return float(re.search(r"^process_resident_memory_bytes (.*)$", text, re.MULTILINE)[1])


@pytest.mark.parametrize("path", ["/predict", "/model", "/nothing", "/readyz"])
def test_a_body_without_end_is_refused_early_and_kept_nowhere(server, path):
    """64 MB of a body that would have a gigabyte, and of one that does not say."""
    before = resident_bytes(server)
    for length in (b"Content-Length: 1000000000", b"Transfer-Encoding: chunked"):
        piece = b"x" * MEGABYTE if b"Length" in length else b"100000\r\n" + b"x" * MEGABYTE + b"\r\n"
        with socket.create_connection(server.address, 30) as connection:
            connection.sendall(b"POST %s HTTP/1.1\r\nHost: kamado\r\n%s\r\n\r\n" % (path.encode(), length))
            for _ in range(64):
                connection.sendall(piece)
            assert re.match(rb"HTTP/1.1 4(04|05|13) ", connection.recv(65536))
    assert resident_bytes(server) - before < 24 * MEGABYTE


def test_the_rest_of_what_is_above_the_limit_is_dropped_and_its_connection_kept(bundle, row):
    """64 MB behind a head that was refused; then the next request is read where it begins."""
    body = json.dumps(row).encode()
    with running(bundle, KAMADO_CONCURRENCY="1") as server, connected(server, 2) as [holder, other]:
        holder.sendall(head(len(body)))
        until(lambda: requests.post(server.url + "/predict", json=row, timeout=30).status_code == 503)
        before = resident_bytes(server)
        other.sendall(head(64 * MEGABYTE))
        for _ in range(64):
            other.sendall(b"x" * MEGABYTE)
        assert answer(other)[0] == 503
        assert resident_bytes(server) - before < 24 * MEGABYTE
        other.sendall(b"HEAD /model HTTP/1.1\r\nHost: kamado\r\n\r\n" + head(len(body)) + body)
        status, refusal = answer(other, without_body=1)
        assert (status, refusal["problems"][0]["code"]) == (503, "busy")
        holder.sendall(body)
        assert answer(holder)[0] == 200
        other.sendall(head(len(body)) + body)
        assert answer(other)[0] == 200
