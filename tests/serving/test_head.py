"""What is taken for a plain request is exactly one for httptools too: no byte of it can be read in two ways."""

import random

import httptools
import pytest

from serving.head import MAX_HEAD_BYTES, plain_post_path

PLAIN = b"POST /predict HTTP/1.1\r\nHost: kamado\r\nContent-Length: 4\r\n\r\nabcd"
NEXT = b"GET /next HTTP/1.1\r\nHost: kamado\r\n\r\n"
STARTS = (
    *(b"POST %b HTTP/1.1" % target for target in (b"/predict?explain=1", b"/predict:batch", b"//a", b"/%70", b"/a#b")),
    *(
        b"POST  /a HTTP/1.1",
        b"POST /a HTTP/1.1 ",
        b"POST /a HTTP/1.0",
        b"POST /a HTTP/2.0",
        b"POST http://a/b HTTP/1.1",
    ),
    *(b"GET /a HTTP/1.1", b"post /a HTTP/1.1", b"\r\nPOST /a HTTP/1.1", b"POST /a??b HTTP/1.1"),
)
LENGTHS = (
    *(b"content-length:4", b"Content-Length: 04", b"Content-Length : 4", b"Content-Length: 4 ", b"Content-Length:\t4"),
    *(b"Content-Length: +4", b"Content-Length: 4, 4", b"Content-Length: 0x4", b"Content-Length: 5", b"Content-Length"),
)
USUAL = (
    *(
        b"Host: a",
        b"Empty:",
        b"Connection: keep-alive",
        b"TE: trailers",
        b"x-request-id: a-1",
        b"traceparent: 00-a-b-01",
    ),
    *(b"X-Content-Length: 9", b"Content-Length-X: 9"),
)
ODD = (
    *(b"Transfer-Encoding: chunked", b"transfer-encoding : chunked", b"Upgrade: h2c", b"Expect: 100-continue"),
    *(b"Connection: close", b"connection: keep-alive, upgrade", b"Proxy-Connection: close", b"a: b\r\n\r\n", b""),
    *(
        b" folded: a",
        b"\tfolded",
        b": a",
        b"a b: c",
        b"a\x00: b",
        b"a: \xff",
        b"a: b\rc: d",
        b"a: b\nContent-Length: 9",
    ),
)
BODIES = (b"", b"abc", b"abcde", b"\r\n\r\n", b"abcd\r\n", b"abcd" + NEXT, b"abcd" + PLAIN)
BYTES = (b"", b"\r", b"\n", b" ", b"\t", b":", b",", b"4", b"a", b"\x00", b"\x80")


class Requests:
    """What httptools reads, with the leniency that uvicorn gives it."""

    def __init__(self, *pieces: bytes) -> None:
        self.begun, self.complete, self.kept_alive = 0, 0, True
        self.target, self.body = b"", b""
        self.parser = httptools.HttpRequestParser(self)
        self.parser.set_dangerous_leniencies(lenient_data_after_close=True)
        for piece in pieces:
            self.parser.feed_data(piece)

    def on_message_begin(self):
        self.begun, self.target = self.begun + 1, b""

    def on_url(self, url):
        self.target += url

    def on_headers_complete(self):
        self.kept_alive &= self.parser.should_keep_alive() and not self.parser.should_upgrade()

    def on_body(self, body):
        self.body += body

    def on_message_complete(self):
        self.complete += 1


@pytest.mark.parametrize("line", USUAL)
def test_what_proxies_and_clients_send_is_plain(line):
    assert plain_post_path(PLAIN) == "/predict"
    assert plain_post_path(PLAIN.replace(b"Host", line + b"\r\nHost")) == "/predict"
    assert plain_post_path(PLAIN.replace(b"\r\n\r\n", b"\r\n" + line + b"\r\n\r\n")) == "/predict"


@pytest.mark.parametrize("start", [b"POST /predict:batch?a=b", b"POST /v2/models/a-b.c_d/infer"])
def test_the_path_is_without_its_query(start):
    assert plain_post_path(PLAIN.replace(b"POST /predict", start)) == start[5:].partition(b"?")[0].decode()


@pytest.mark.parametrize("line", ODD)
def test_what_frames_a_request_or_is_odd_is_left_to_the_parser(line):
    assert plain_post_path(PLAIN.replace(b"Host: kamado", line)) is None


@pytest.mark.parametrize("length", LENGTHS[1:])
def test_a_length_that_is_odd_or_wrong_is_left_to_the_parser(length):
    assert plain_post_path(PLAIN.replace(b"Content-Length: 4", length)) == ("/predict" if b": 04" in length else None)
    assert plain_post_path(PLAIN.replace(b"Host: kamado", length)) is None


@pytest.mark.parametrize("body", BODIES)
def test_a_body_that_does_not_end_with_the_data_is_left_to_the_parser(body):
    assert plain_post_path(PLAIN.replace(b"abcd", body)) == ("/predict" if len(body) == 4 else None)


def test_a_long_head_is_left_to_the_parser():
    room = MAX_HEAD_BYTES - len(PLAIN) + len(b"kamadoabcd")
    assert plain_post_path(PLAIN.replace(b"kamado", b"x" * room)) == "/predict"
    assert plain_post_path(PLAIN.replace(b"kamado", b"x" * (room + 1))) is None


def test_whatever_is_plain_is_one_request_for_the_parser():
    """And the next one begins where it ends."""
    taken = [data for data in requests(random.Random(20), 30_000) if plain_post_path(data)]
    assert len(set(taken)) > 300
    for data in taken:
        read = Requests(data)
        assert (read.begun, read.complete, read.kept_alive) == (1, 1, True), data
        assert read.target.partition(b"?")[0].decode() == plain_post_path(data), data
        assert read.body == data.partition(b"\r\n\r\n")[2], data
        followed = Requests(data, NEXT)
        assert (followed.begun, followed.complete, followed.target) == (2, 2, b"/next"), data


def requests(chance: random.Random, number: int):
    """Plain ones, most with an odd part, many with a byte or two changed."""
    for _ in range(number):
        lines = [chance.choice(USUAL + ODD) for _ in range(chance.randrange(4))]
        lines.insert(chance.randrange(len(lines) + 1), some(chance, b"Content-Length: 4", LENGTHS))
        lines.insert(0, some(chance, b"POST /predict HTTP/1.1", STARTS))
        ends = [some(chance, b"\r\n", (b"\n", b"\r", b"\r\n\r\n")) for _ in lines]
        head = b"".join(line + end for line, end in zip(lines, ends, strict=True))
        data = bytearray(head + b"\r\n" + some(chance, b"abcd", BODIES))
        for _ in range(chance.choice((0, 0, 1, 2))):
            index = chance.randrange(len(data))
            data[index : index + chance.randrange(2)] = chance.choice(BYTES)
        yield bytes(data)


def some(chance: random.Random, usual: bytes, others: tuple[bytes, ...]) -> bytes:
    return usual if chance.random() < 0.9 else chance.choice(others)
