"""Ask a server on loopback: questions on standard input, answers on standard output, both one JSON document.

Runs inside the image, whose Python has no more than the standard library to offer for this.
"""

import http.client
import json
import sys
import time
from typing import Any


def ask(port: int, questions: list[dict[str, str]], *, seconds: float) -> list[dict[str, Any]]:
    """Status and body for every question, in order. Raises OSError when the server is not there after `seconds`."""
    connection = _connected(port, time.monotonic() + seconds)
    answers = []
    for question in questions:
        body = question["body"].encode() if question["method"] == "POST" else None
        connection.request(question["method"], question["path"], body, {"Content-Type": "application/json"})
        answer = connection.getresponse()
        answers.append({"status": answer.status, "body": answer.read().decode("utf-8", "replace")})
    connection.close()
    return answers


def _connected(port: int, end: float) -> http.client.HTTPConnection:
    """A connection to a server that has come up. It listens only when its golden rows came out right."""
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
    asked = json.load(sys.stdin)
    json.dump(ask(asked["port"], asked["questions"], seconds=asked["seconds"]), sys.stdout)
