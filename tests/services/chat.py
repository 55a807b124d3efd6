"""A stand-in for a chat's incoming webhook: it takes what Slack's takes, and says no as Slack's does."""

import contextlib
import http.server
import json
from collections.abc import Iterator
from dataclasses import dataclass, field

from tests.services.http import serving

PATH = "/services/T0/B0/token"
MOST_TEXT = 3000  # characters of a section


@dataclass
class Chat:
    """`posted` are the messages that were taken; `statuses` are answered first, one for each request."""

    address: str = ""
    posted: list[dict] = field(default_factory=list)
    statuses: list[int] = field(default_factory=list)
    requests: int = 0


@contextlib.contextmanager
def chat() -> Iterator[Chat]:
    state = Chat()

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_POST(self):
            state.requests += 1
            body = self.rfile.read(int(self.headers["Content-Length"]))
            if state.statuses:
                return self._answer(state.statuses.pop(0), "busy")
            if self.path != PATH:
                return self._answer(404, "no_service")
            if self.headers["Content-Type"] != "application/json" or not _is_message(json.loads(body)):
                return self._answer(400, "invalid_payload")
            state.posted.append(json.loads(body))
            return self._answer(200, "ok")

        def _answer(self, status, text):
            self.send_response(status)
            self.send_header("Retry-After", "7")
            self.send_header("Content-Length", str(len(text)))
            self.end_headers()
            self.wfile.write(text.encode())

        def log_message(self, *_):
            pass

    with serving(Handler) as host:
        state.address = f"http://{host}{PATH}"
        yield state


def _is_message(body) -> bool:
    """Known keys alone, a text, and sections of a bounded length."""
    if set(body) - {"text", "blocks"} or not body.get("text"):
        return False
    for block in body.get("blocks", []):
        text = block.get("text", {})
        if block.get("type") != "section" or text.get("type") != "mrkdwn" or not 0 < len(text["text"]) <= MOST_TEXT:
            return False
    return True
