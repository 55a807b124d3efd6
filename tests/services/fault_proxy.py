"""A proxy in front of a real registry that makes chosen requests fail."""

import contextlib
import http.server
import json
import socket
import struct
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field

import urllib3

from tests.services.http import serving

NOT_PASSED_ON = {"connection", "transfer-encoding", "content-length", "host"}
BUSY = {"500": 500, "503": 503, "429": 429}
SLOW = 1.5  # seconds


@dataclass
class FaultProxy:
    """`faults` is what happens to the request of each number (from 0); `seen` are method and path of all of them.

    "500", "503" and "429" are answers in place of the registry's; "reset" drops the connection before the request is
    passed on, "lost" drops it afterwards, in place of the answer; "slow" keeps the answer back for SLOW
    and drops it then; "half" breaks off in the middle of the body; "drip" sends a body a byte at a time and is never
    done; "drip-head" does so with a header.

    `mounts` is the status with which a request to mount a blob of another repository is answered, if it is not passed
    on: 202 begins an upload, "202-nowhere" does so and does not say where.
    """

    registry: str
    faults: dict[int, str] = field(default_factory=dict)
    always: str = ""
    mounts: int | str = ""
    seen: list[tuple[str, str]] = field(default_factory=list)
    sent: int = 0  # bytes of requests' bodies
    uploaded: int = 0  # bytes of whole requests: line, headers and body
    host: str = ""
    lock: threading.Lock = field(default_factory=threading.Lock)
    pool: urllib3.PoolManager = field(default_factory=urllib3.PoolManager)  # of connections that stay open

    def ask(self, method: str, path: str, body: bytes, headers: dict[str, str]) -> urllib3.BaseHTTPResponse:
        """The registry's answer, as it was sent."""
        url = f"http://{self.registry}{path}"
        options = {"redirect": False, "retries": False, "timeout": 30, "decode_content": False}
        return self.pool.request(method, url, body=body or None, headers=headers, **options)

    def next(self, method: str, path: str) -> str:
        with self.lock:
            self.seen.append((method, path))
            return self.always or self.faults.get(len(self.seen) - 1, "")


@contextlib.contextmanager
def fault_proxy(registry: str) -> Iterator[FaultProxy]:
    """A proxy in front of `registry` (HOST:PORT); `.host` is where it listens."""
    now = FaultProxy(registry)
    with now.pool, serving(type("Handler", (Handler,), {"now": now})) as now.host:
        yield now


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    now: FaultProxy

    def log_message(self, *_) -> None:
        pass

    def pass_on(self) -> None:
        fault = self.now.next(self.command, self.path)
        if fault == "reset":
            return self._drop()
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        self.now.sent += len(body)
        self.now.uploaded += len(self.requestline) + len(self.headers.as_bytes()) + len(body)
        if fault in ("drip", "drip-head"):
            return self._drip(head=fault == "drip-head")
        if self.now.mounts and "mount=" in self.path:
            return self._answer_mount(self.now.mounts)
        if fault in BUSY:
            return self._send(BUSY[fault], b"{}", {"Retry-After": "0"})
        headers = {name: value for name, value in self.headers.items() if name.lower() not in NOT_PASSED_ON}
        inner, outer = f"http://{self.now.registry}", f"http://{self.now.host}"
        answer = self.now.ask(self.command, self.path, body, headers)
        content = answer.data
        if fault == "slow":
            time.sleep(SLOW)
        if fault in ("lost", "slow"):
            return self._drop()
        if fault == "half" and content:
            self.send_response(answer.status)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content[: len(content) // 2])
            return self._drop()
        head = {name: value for name, value in answer.headers.items() if name.lower() not in NOT_PASSED_ON}
        head = {name: value.replace(inner, outer) for name, value in head.items()}
        if self.command == "HEAD":
            head["Content-Length"] = answer.headers.get("Content-Length", "0")
        return self._send(answer.status, content, head)

    do_GET = do_HEAD = do_POST = do_PUT = do_PATCH = do_DELETE = pass_on

    def _answer_mount(self, answer: int | str) -> None:
        if answer == 202:
            path = self.path.partition("?")[0]
            begun = self.now.ask("POST", path, b"", {})
            where = begun.headers["Location"].replace(self.now.registry, self.now.host)
            return self._send(202, b"", {"Location": where})
        if answer == "202-nowhere":
            return self._send(202, b"", {})
        body = json.dumps({"errors": [{"code": "DENIED", "message": "not from there"}]}).encode()
        return self._send(int(answer), body, {})

    def _drip(self, *, head: bool) -> None:
        """A byte a moment, until the client leaves."""
        self.close_connection = True
        begin = b"HTTP/1.1 200 OK\r\nX-Slow: " if head else b"HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n"
        with contextlib.suppress(OSError):
            self.wfile.write(begin)
            while True:
                self.wfile.write(b" ")
                time.sleep(0.02)

    def _send(self, status: int, body: bytes, head: dict[str, str]) -> None:
        self.send_response(status)
        for name, value in {"Content-Length": str(len(body)), **head}.items():
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def _drop(self) -> None:
        """A reset, not an end: what is on its way is lost."""
        self.close_connection = True
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.connection.close()
