"""Bodies that are meant to hurt, written piece by piece: the sender holds none of them whole."""

import contextlib
import itertools
import socket
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from bench.serving.connection import HEAD_END, Address

PIECE = 1 << 16
PATIENCE = 60.0


@dataclass(frozen=True)
class Hostile:
    """A body of a route; `declared` is its Content-Length, None for chunks; `pause` are seconds between pieces."""

    name: str
    path: str
    pieces: Callable[[], Iterable[bytes]]
    declared: int | None
    pause: float = 0.0


@dataclass(frozen=True)
class Refusal:
    """`status` is 0 where the connection was closed without an answer; `sent` are bytes of the body."""

    status: int
    seconds: float
    sent: int
    head: str


def hostile_bodies(row: bytes) -> list[Hostile]:
    """`row` is the JSON of a row that is accepted."""

    def million() -> Iterator[bytes]:
        return itertools.chain([b'{"rows":['], itertools.repeat((row + b",") * 100, 10_000), [row, b"]}"])

    def blanks() -> Iterator[bytes]:
        return itertools.repeat(b" " * PIECE, gigabyte // PIECE)

    def bytewise() -> Iterator[bytes]:
        return (row[index : index + 1] for index in range(len(row)))

    gigabyte = 1_000_000_000
    keys = (b'"k%d":1,' % number for number in range(600_000))
    many_keys = b"".join(itertools.chain([b"{"], keys, [row[1:]]))
    nested = b"[" * 4_000_000
    nested_input = b'{"columns":' + b'{"a":' * 800_000
    twice = row[:-1] + b"," + row[1:]
    return [
        Hostile("1 GB, declared", "/predict:batch", blanks, gigabyte),
        Hostile("1 GB in chunks", "/predict:batch", blanks, None),
        Hostile("1,000,000 rows in chunks", "/predict:batch", million, None),
        _whole("600,000 unknown keys", "/predict", many_keys),
        _whole("600,000 unknown keys in a batch", "/predict:batch", b'{"columns":' + many_keys + b"}"),
        _whole("4,000,000 open brackets", "/predict", nested),
        _whole("800,000 open objects", "/predict:batch", nested_input),
        _whole("every key twice", "/predict", twice),
        _whole("NaN", "/predict", row.replace(b":", b":NaN,", 1)),
        _whole("invalid UTF-8", "/predict", row[:-1] + b',"\xff\xfe":1}'),
        _whole("truncated", "/predict", row[: len(row) // 2]),
        _whole("empty", "/predict", b""),
        Hostile("a byte a second", "/predict", bytewise, len(row), pause=1.0),
    ]


def _whole(name: str, path: str, body: bytes) -> Hostile:
    pieces = [body[start : start + PIECE] for start in range(0, len(body), PIECE)]
    return Hostile(name, path, lambda: pieces, len(body))


def attack(address: Address, body: Hostile) -> Refusal:
    """Sends it until the server answers or closes, once. Raises TimeoutError when it does neither."""
    began = time.monotonic()
    length = "Transfer-Encoding: chunked" if body.declared is None else f"Content-Length: {body.declared}"
    head = f"POST {body.path} HTTP/1.1\r\nHost: bench\r\nContent-Type: application/json\r\n{length}\r\n\r\n"
    with contextlib.closing(socket.create_connection(address, PATIENCE)) as connection:
        sent = _send(connection, head.encode(), body)
        answer = _answer(connection)
    first = answer.partition(b"\r\n")[0].decode(errors="replace")
    status = int(first.split()[1]) if first.startswith("HTTP/") else 0
    return Refusal(status, time.monotonic() - began, sent, first)


def _send(connection: socket.socket, head: bytes, body: Hostile) -> int:
    """Bytes of the body that went out before there was an answer."""
    sent = 0
    with contextlib.suppress(ConnectionError):
        connection.sendall(head)
        for piece in body.pieces():
            connection.sendall(b"%x\r\n%s\r\n" % (len(piece), piece) if body.declared is None else piece)
            sent += len(piece)
            if body.pause:
                time.sleep(body.pause)
            if _has_answer(connection):
                return sent
        if body.declared is None:
            connection.sendall(b"0\r\n\r\n")
    return sent


def _has_answer(connection: socket.socket) -> bool:
    connection.setblocking(False)
    try:
        connection.recv(1, socket.MSG_PEEK)
    except BlockingIOError:
        return False
    except ConnectionError:
        return True
    finally:
        connection.settimeout(PATIENCE)
    return True


def _answer(connection: socket.socket) -> bytes:
    """Its head, or what there was of it."""
    answer = b""
    with contextlib.suppress(ConnectionError):
        while HEAD_END not in answer and (piece := connection.recv(65536)):
            answer += piece
    return answer
