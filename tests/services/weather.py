"""A registry in bad weather: a proxy in front of a real one that spoils chosen requests."""

import contextlib
import http.server
import socket
import struct
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field

import requests

from tests.services.http import serving

NOT_PASSED_ON = {"connection", "transfer-encoding", "content-length", "host"}
BUSY = {"500": 500, "503": 503, "429": 429}


@dataclass
class Weather:
    """`spoil` is what happens to the request of each number (from 0); `seen` are method and path of all of them.

    "500", "503" and "429" are answers in place of the registry's; "reset" drops the connection before the request is
    passed on, "lost" drops it afterwards, in place of the answer; "slow" keeps the answer back for longer
    than half a second; "half" breaks off in the middle of the body.
    """

    registry: str
    spoil: dict[int, str] = field(default_factory=dict)
    always: str = ""
    seen: list[tuple[str, str]] = field(default_factory=list)
    sent: int = 0  # bytes of requests' bodies
    uploaded: int = 0  # bytes of whole requests: line, headers and body
    host: str = ""
    lock: threading.Lock = field(default_factory=threading.Lock)

    def next(self, method: str, path: str) -> str:
        with self.lock:
            self.seen.append((method, path))
            return self.always or self.spoil.get(len(self.seen) - 1, "")


@contextlib.contextmanager
def weather(registry: str) -> Iterator[Weather]:
    """A proxy in front of `registry` (HOST:PORT); `.host` is where it listens."""
    now = Weather(registry)
    with serving(type("Handler", (Handler,), {"now": now})) as now.host:
        yield now


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    now: Weather

    def log_message(self, *told) -> None:
        pass

    def pass_on(self) -> None:
        trouble = self.now.next(self.command, self.path)
        if trouble == "reset":
            return self._drop()
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        self.now.sent += len(body)
        self.now.uploaded += len(self.requestline) + len(self.headers.as_bytes()) + len(body)
        if trouble in BUSY:
            return self._send(BUSY[trouble], b"{}", {"Retry-After": "0"})
        kept = {name: value for name, value in self.headers.items() if name.lower() not in NOT_PASSED_ON}
        inner, outer = f"http://{self.now.registry}", f"http://{self.now.host}"
        answer = requests.request(
            self.command, inner + self.path, data=body, headers=kept, allow_redirects=False, timeout=30, stream=True
        )
        content = answer.raw.read(decode_content=False)
        if trouble == "slow":
            time.sleep(0.6)
        if trouble in ("lost", "slow"):
            return self._drop()
        if trouble == "half" and content:
            self.send_response(answer.status_code)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content[: len(content) // 2])
            return self._drop()
        head = {name: value for name, value in answer.headers.items() if name.lower() not in NOT_PASSED_ON}
        head = {name: value.replace(inner, outer) for name, value in head.items()}
        if self.command == "HEAD":
            head["Content-Length"] = answer.headers.get("Content-Length", "0")
        return self._send(answer.status_code, content, head)

    do_GET = do_HEAD = do_POST = do_PUT = do_PATCH = do_DELETE = pass_on

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
