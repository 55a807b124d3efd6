"""A stand-in for the JSON API of Google Cloud Storage on loopback: lists, reads and deletes objects of one bucket.

It is not Cloud Storage: it has no uploads, generations or permissions. A bucket of another name is not found, as there.
"""

import contextlib
import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler
from urllib.parse import parse_qs, unquote, urlsplit

from tests.services.http import Server

BUCKET = "exports"
OBJECTS = f"/storage/v1/b/{BUCKET}/o"


class Objects(dict[str, bytes]):
    """Name -> content. `url` is for STORAGE_EMULATOR_HOST."""

    url = ""


class Handler(BaseHTTPRequestHandler):
    objects: Objects

    def do_GET(self):
        parts = urlsplit(self.path)
        query = {name: values[-1] for name, values in parse_qs(parts.query).items()}
        if parts.path == OBJECTS:
            names = sorted(name for name in self.objects if name.startswith(query.get("prefix", "")))
            items = [
                {"kind": "storage#object", "bucket": BUCKET, "name": name, "size": str(len(self.objects[name]))}
                for name in names
            ]
            self._answer(200, json.dumps({"kind": "storage#objects", "items": items}).encode())
        elif (name := self._name(f"/download{OBJECTS}/")) in self.objects and query.get("alt") == "media":
            self._answer(200, self.objects[name], "application/octet-stream")
        else:
            self._absent()

    def do_DELETE(self):
        if self.objects.pop(self._name(f"{OBJECTS}/"), None) is None:
            self._absent()
        else:
            self._answer(204, b"")

    def _name(self, prefix: str) -> str:
        path = urlsplit(self.path).path
        return unquote(path.removeprefix(prefix)) if path.startswith(prefix) else ""

    def _absent(self):
        message = "The specified bucket does not exist."
        error = {"code": 404, "message": message, "errors": [{"reason": "notFound", "message": message}]}
        self._answer(404, json.dumps({"error": error}).encode())

    def _answer(self, code: int, data: bytes, kind: str = "application/json"):
        self.send_response(code)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *_):
        """Quiet."""


@contextlib.contextmanager
def object_storage() -> Iterator[Objects]:
    """A running service; STORAGE_EMULATOR_HOST must be set to the `url` by the caller."""
    objects = Objects()
    handler = type("Handler", (Handler,), {"objects": objects})
    with Server(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        objects.url = f"http://127.0.0.1:{server.server_address[1]}"
        try:
            yield objects
        finally:
            server.shutdown()
            thread.join()
