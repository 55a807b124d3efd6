"""Routes of the REST API, its errors and faults."""

import json
import re
import traceback
from http.server import BaseHTTPRequestHandler
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, unquote, urlsplit

from tests.services.bigquery import api
from tests.services.bigquery.faults import CODES, LOST
from tests.services.bigquery.refusal import PROJECT, Refusal

if TYPE_CHECKING:
    from tests.services.bigquery.server import Service

PART = "/([^/]+)"
TABLE = f"{PART}/datasets{PART}/tables{PART}"
ROUTES = {
    ("POST", f"{PART}/jobs"): ("jobs.insert", api.insert_job),
    ("GET", f"{PART}/jobs{PART}"): ("jobs.get", api.get_job),
    ("GET", f"{PART}/queries{PART}"): ("jobs.getQueryResults", api.get_query_results),
    ("GET", f"{PART}/datasets{PART}"): ("datasets.get", api.get_dataset),
    ("GET", f"{PART}/datasets{PART}/tables"): ("tables.list", api.list_tables),
    ("POST", f"{PART}/datasets{PART}/tables"): ("tables.insert", api.insert_table),
    ("GET", TABLE): ("tables.get", api.get_table),
    ("PATCH", TABLE): ("tables.patch", api.patch_table),
    ("DELETE", TABLE): ("tables.delete", api.delete_table),
    ("GET", f"{TABLE}/data"): ("tabledata.list", api.list_rows),
}


class Handler(BaseHTTPRequestHandler):
    service: "Service"

    def do_GET(self):
        self._answer()

    do_POST = do_PATCH = do_DELETE = do_GET

    def _answer(self):
        body = json.loads(self.rfile.read(int(self.headers.get("Content-Length") or 0)) or b"{}")
        parts = urlsplit(self.path)
        query = {name: values[-1] for name, values in parse_qs(parts.query).items()}
        fault = ""
        try:
            name, method, path = self._route(parts.path)
            self.service.calls.append(name)
            is_dry_run = bool(body.get("configuration", {}).get("dryRun"))
            fault = self.service.faults.take_rest(name, is_dry_run=is_dry_run)
            if fault in CODES:
                raise Refusal(CODES[fault], fault, f"{fault}: as this stand-in was told to answer")
            code, answer = 200, method(self.service, path, query, body)
        except Refusal as refusal:
            code, answer = refusal.code, refusal.body()
        except Exception:
            # A defect of the stand-in: with a reason that the client does not retry for a minute.
            code, answer = 500, Refusal(500, "standInDefect", traceback.format_exc(limit=-3)).body()
        if fault == LOST:
            self.close_connection = True
        else:
            self._send(code, answer)

    def _route(self, path: str):
        for (verb, pattern), (name, method) in ROUTES.items():
            if verb == self.command and (match := re.fullmatch(f"/bigquery/v2/projects{pattern}", path)):
                parts = tuple(unquote(part) for part in match.groups())
                if parts[0] != PROJECT and name != "jobs.insert":
                    raise Refusal(403, "accessDenied", f"Access Denied: Project {parts[0]}")
                return name, method, parts
        raise Refusal(404, "notFound", f"this stand-in does not know {self.command} {self.path}")

    def _send(self, code: int, answer: dict) -> None:
        data = json.dumps(answer).encode()
        self.send_response(code)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *_):
        """Quiet."""
