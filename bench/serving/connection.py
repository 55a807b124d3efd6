"""One HTTP/1.1 connection of the load generator, on a raw socket: a client library would cost more than the server."""

import re
import socket
from typing import NamedTuple

Address = tuple[str, int]
HEAD_END = b"\r\n\r\n"
LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)
PIECE = 1 << 18


class ProtocolError(Exception):
    """The server closed the connection within an answer, or its answer has no length."""


class Answer(NamedTuple):
    status: int
    body: bytes


def post(path: str, body: bytes) -> bytes:
    """The bytes of a request with a JSON body."""
    head = f"POST {path} HTTP/1.1\r\nHost: bench\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n"
    return head.encode() + b"\r\n" + body


def get(path: str) -> bytes:
    return f"GET {path} HTTP/1.1\r\nHost: bench\r\n\r\n".encode()


class Connection:
    """One request at a time. Nothing blocks: `send` may leave a rest for `flush`, `receive` an answer for later."""

    __slots__ = ("_answer", "_body_end", "_body_start", "_unsent", "began", "descriptor", "socket")

    def __init__(self, address: Address) -> None:
        self.socket = socket.create_connection(address, 10)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.socket.setblocking(False)
        self.descriptor = self.socket.fileno()
        self.began = 0.0  # for the caller: when its request was due
        self._unsent = memoryview(b"")
        self._answer = b""
        self._body_start = self._body_end = 0

    def send(self, request: bytes) -> bool:
        """Whether all of it is on its way."""
        self._unsent = memoryview(request)
        return self.flush()

    def flush(self) -> bool:
        """Send what is left; whether nothing is left. Raises OSError where the server has closed the connection."""
        while self._unsent:
            try:
                self._unsent = self._unsent[self.socket.send(self._unsent) :]
            except BlockingIOError:
                return False
        return True

    def receive(self) -> Answer | None:
        """The answer, once it is complete. Raises ProtocolError, or OSError where the connection was reset."""
        try:
            piece = self.socket.recv(PIECE)
        except BlockingIOError:
            return None
        if not piece:
            raise ProtocolError(f"the connection was closed after {len(self._answer)} bytes of an answer")
        self._answer = self._answer + piece if self._answer else piece
        if not self._body_end and (start := self._answer.find(HEAD_END)) >= 0:
            length = LENGTH.search(self._answer, 0, start)
            if length is None:
                raise ProtocolError(f"an answer without a length: {self._answer[:start]!r}")
            self._body_start = start + len(HEAD_END)
            self._body_end = self._body_start + int(length[1])
        if not self._body_end or len(self._answer) < self._body_end:
            return None
        answer = Answer(int(self._answer[9:12]), self._answer[self._body_start : self._body_end])
        self._answer, self._body_end = b"", 0
        return answer

    def close(self) -> None:
        self.socket.close()


def exchange(address: Address, request: bytes, *, seconds: float = 30) -> Answer:
    """One request on a connection of its own. Raises OSError, also where it takes longer, and ProtocolError."""
    connection = Connection(address)
    try:
        connection.socket.settimeout(seconds)
        connection.send(request)
        while (answer := connection.receive()) is None:
            pass
        return answer
    finally:
        connection.close()
