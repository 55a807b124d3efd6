"""Send requests to a server on loopback: one JSON document on standard input, another with the answers on output.

Runs inside the image, where only Python's standard library is certain to be there.
"""

import http.client
import json
import sys
import time
from typing import NamedTuple


class HttpResponse(NamedTuple):
    """The HTTP status, and the body as text."""

    status: int
    body: str


def send(port: int, requests: list[dict[str, str]], *, seconds: float) -> list[HttpResponse]:
    """An answer to every request (`method`, `path`, `body`), in order. Raises OSError without a server in `seconds`."""
    connection = _connected(port, time.monotonic() + seconds)
    answers = []
    for request in requests:
        body = request["body"].encode() if request["method"] == "POST" else None
        connection.request(request["method"], request["path"], body, {"Content-Type": "application/json"})
        response = connection.getresponse()
        answers.append(HttpResponse(response.status, response.read().decode("utf-8", "replace")))
    connection.close()
    return answers


def _connected(port: int, end: float) -> http.client.HTTPConnection:
    """A connection to a server that has come up. It listens only once its golden rows came out right."""
    while True:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
        try:
            connection.connect()
        except OSError:
            if time.monotonic() > end:
                raise
            time.sleep(0.05)
        else:
            return connection


if __name__ == "__main__":
    document = json.load(sys.stdin)
    answers = send(document["port"], document["requests"], seconds=document["seconds"])
    json.dump([answer._asdict() for answer in answers], sys.stdout)
