"""Routes of the REST API, and its errors."""

import json
import re
import traceback
from http.server import BaseHTTPRequestHandler
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, urlsplit

from tests.services.bigquery.refusal import PROJECT, Refusal

if TYPE_CHECKING:
    from tests.services.bigquery.server import Service


class Handler(BaseHTTPRequestHandler):
    service: "Service"

    def do_POST(self):
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        if path := re.fullmatch(r"/bigquery/v2/projects/([^/]+)/jobs", urlsplit(self.path).path):
            lost = not body["configuration"].get("dryRun") and self.service.faults.take("lost_answers")
            self._answer(lambda: self.service.insert(path[1], body), lost=lost)
        else:
            self._answer(self._unknown)

    def do_GET(self):
        parts = urlsplit(self.path)
        query = {name: values[-1] for name, values in parse_qs(parts.query).items()}
        if path := re.fullmatch(rf"/bigquery/v2/projects/{PROJECT}/(jobs|queries)/([^/]+)", parts.path):
            if path[1] == "jobs":
                self._answer(lambda: self.service.job(path[2]).resource)
            else:
                self._answer(lambda: self.service.job(path[2]).results(query))
        elif path := re.fullmatch(rf"/bigquery/v2/projects/{PROJECT}/datasets/(\w+)/tables/(\w+)", parts.path):
            self._answer(lambda: self.service.table(path[1], path[2]))
        else:
            self._answer(self._unknown)

    def _unknown(self):
        raise Refusal(404, "notFound", f"this stand-in does not know {self.path}")

    def _answer(self, work, *, lost: bool = False):
        try:
            code, answer = 200, work()
        except Refusal as refusal:
            code, answer = refusal.code, refusal.body()
        except Exception:
            # A defect of the stand-in: with a reason that the client does not retry for a minute.
            code, answer = 500, Refusal(500, "standInDefect", traceback.format_exc(limit=-1)).body()
        if lost:
            self.close_connection = True
            return
        data = json.dumps(answer).encode()
        self.send_response(code)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *_):
        """Quiet."""
