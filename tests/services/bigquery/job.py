"""A job with its results, and how rows are paged."""

from dataclasses import dataclass

import pyarrow as pa

from tests.services.bigquery import cells
from tests.services.bigquery.columns import rest_schema
from tests.services.bigquery.refusal import Refusal
from tests.services.bigquery.tables import Tables

ROWS_PER_PAGE = 1000  # whatever the client asks for: the service's own limit is in bytes


@dataclass
class Job:
    """`polls` are how many more looks at it find it running. Its rows are in its destination."""

    resource: dict
    polls: int = 0

    def fail(self, error: Refusal) -> None:
        """A job that fails is not billed."""
        self.resource["status"] |= {"errorResult": error.error, "errors": [error.error]}
        self.resource["statistics"]["query"]["totalBytesBilled"] = "0"

    def look(self) -> dict:
        """jobs.get"""
        if self.polls:
            self.polls -= 1
            return self.resource | {"status": {"state": "RUNNING"}}
        return self.resource

    def results(self, query: dict[str, str], tables: Tables) -> dict:
        """jobs.getQueryResults"""
        answer = {"kind": "bigquery#getQueryResultsResponse", "jobReference": self.resource["jobReference"]}
        if self.look()["status"]["state"] != "DONE":
            return answer | {"jobComplete": False}
        if error := self.resource["status"].get("errorResult"):
            raise Refusal(400, error["reason"], error["message"])
        destination = self.resource["configuration"]["query"]["destinationTable"]
        rows = tables.get(destination["datasetId"], destination["tableId"]).rows
        answer |= {"jobComplete": True, "totalRows": str(rows.num_rows), "schema": rest_schema(rows.schema)}
        return answer | page(rows, query)


def page(rows: pa.Table, query: dict[str, str]) -> dict:
    """`rows` and, before the last, `pageToken`. Nothing for maxResults=0: an empty list would be a first page."""
    size = min(int(query.get("maxResults", ROWS_PER_PAGE)), ROWS_PER_PAGE)
    if size == 0:
        return {}
    if query.get("formatOptions.useInt64Timestamp") != "True":
        raise Refusal(400, "invalid", "this stand-in only writes moments as formatOptions.useInt64Timestamp")
    start = int(query.get("pageToken") or query.get("startIndex") or 0)
    more = {"pageToken": str(start + size)} if start + size < rows.num_rows else {}
    return {"rows": cells.rows(rows.slice(start, size)), **more}
