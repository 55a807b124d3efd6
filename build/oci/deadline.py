"""An end to answers that never end.

The time-out of a socket starts again with every byte, so that a byte a minute would keep a build waiting for good.
Here a clock runs beside the reading, and closes the reading side of the socket when it has run out.
"""

import contextlib
import http.client
import socket
import threading
from collections.abc import Callable, Iterator
from typing import Any, ClassVar

import requests
import urllib3
from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool


class Overdue(OSError):
    """An answer took longer than it may."""


@contextlib.contextmanager
def time_limit(seconds: float, end: Callable[[], object]) -> Iterator[threading.Event]:
    """Calls `end` in a thread of its own when the block is not done after `seconds`; sets the event before."""
    expired = threading.Event()

    def expire() -> None:
        expired.set()
        with contextlib.suppress(OSError, ValueError, RuntimeError):  # it was done in the same moment
            end()

    timer = threading.Timer(seconds, expire)
    timer.daemon = True
    timer.start()
    try:
        yield expired
    finally:
        timer.cancel()


def read_within(seconds: float, answer: requests.Response, most: int) -> bytes:
    """The first `most` bytes of a streamed answer. Raises Overdue, and urllib3's HTTPError when it breaks off."""
    with time_limit(seconds, answer.raw.shutdown) as expired:
        try:
            data: bytes = answer.raw.read(most, decode_content=True) or b""
        except urllib3.exceptions.HTTPError:
            if not expired.is_set():
                raise
    if expired.is_set():
        raise Overdue(f"was not done after {seconds:g} seconds")
    return data


def chunks_within(seconds: float, answer: requests.Response, size: int) -> Iterator[bytes]:
    """The body of a streamed answer, `size` bytes at a time, each within `seconds`. Raises Overdue."""
    chunks = answer.iter_content(size)
    while True:
        with time_limit(seconds, answer.raw.shutdown) as expired:
            try:
                chunk = next(chunks, b"")
            except requests.RequestException:
                if not expired.is_set():
                    raise
        if expired.is_set():
            raise Overdue(f"sent less than {size >> 10} kB in {seconds:g} seconds")
        if not chunk:
            return
        yield chunk


class _Watched:
    """A connection whose answer must begin within `seconds`: its status and all of its headers."""

    seconds: ClassVar[float]
    sock: socket.socket

    def getresponse(self) -> Any:
        reading, answer = self.sock, None
        with time_limit(self.seconds, lambda: reading.shutdown(socket.SHUT_RD)) as expired:
            try:
                answer = super().getresponse()  # type: ignore[misc]  # of the connection that it is mixed into
            except (OSError, http.client.HTTPException):
                if not expired.is_set():
                    raise
        if expired.is_set():
            if answer is not None:  # a head that was cut off was taken for a whole one
                answer.close()
            raise Overdue(f"did not begin an answer within {self.seconds:g} seconds")
        return answer


class WatchedAdapter(HTTPAdapter):
    """For a session of requests: no answer takes longer than `seconds` to begin."""

    def __init__(self, seconds: float) -> None:
        self._pools = {
            "http": _pool(HTTPConnectionPool, HTTPConnection, seconds),
            "https": _pool(HTTPSConnectionPool, HTTPSConnection, seconds),
        }
        super().__init__()

    def init_poolmanager(self, *arguments: Any, **options: Any) -> None:
        super().init_poolmanager(*arguments, **options)
        self.poolmanager.pool_classes_by_scheme = self._pools

    def proxy_manager_for(self, proxy: str, **options: Any) -> Any:
        manager = super().proxy_manager_for(proxy, **options)
        if not proxy.lower().startswith("socks"):
            manager.pool_classes_by_scheme = self._pools
        return manager


def _pool(pool: type[Any], connection: type[Any], seconds: float) -> type[Any]:
    watched = type(connection.__name__, (_Watched, connection), {"seconds": seconds})
    return type(pool.__name__, (pool,), {"ConnectionCls": watched})
