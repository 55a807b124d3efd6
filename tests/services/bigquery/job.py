"""A job with its results, and how jobs.getQueryResults pages them."""

from dataclasses import dataclass

import pyarrow as pa

from tests.services.bigquery import wire
from tests.services.bigquery.refusal import Refusal

ROWS_PER_PAGE = 1000  # whatever the client asks for: the service's own limit is in bytes


@dataclass
class Job:
    resource: dict
    columns: dict[str, str]
    rows: pa.Table | None = None

    def results(self, query: dict[str, str]) -> dict:
        if error := self.resource["status"].get("errorResult"):
            raise Refusal(400, error["reason"], error["message"])
        answer = {
            "kind": "bigquery#getQueryResultsResponse",
            "jobReference": self.resource["jobReference"],
            "jobComplete": True,
            "totalRows": str(self.rows.num_rows),
            "schema": wire.schema(self.columns),
        }
        size = min(int(query.get("maxResults", ROWS_PER_PAGE)), ROWS_PER_PAGE)
        if size == 0:
            return answer  # without `rows`: an empty list would be taken for the first page
        if query.get("formatOptions.useInt64Timestamp") != "True":
            raise Refusal(400, "invalid", "this stand-in only writes moments as formatOptions.useInt64Timestamp")
        start = int(query.get("pageToken") or query.get("startIndex") or 0)
        answer["rows"] = wire.rows(self.rows.slice(start, size))
        if start + size < self.rows.num_rows:
            answer["pageToken"] = str(start + size)
        return answer
