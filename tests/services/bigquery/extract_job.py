"""A jobs.insert that extracts a table into files of Cloud Storage."""

import io
import re
import uuid
from collections.abc import MutableMapping

import pyarrow.parquet as pq

from tests.services.bigquery.job import Job
from tests.services.bigquery.refusal import LOCATION, PROJECT, Refusal
from tests.services.bigquery.tables import Tables

FIELDS = {"sourceTable", "destinationUris", "destinationFormat", "compression"}
ROWS_PER_FILE = 1000  # the service decides by size


def extract_job(tables: Tables, buckets: dict[str, MutableMapping[str, bytes]], body: dict) -> Job:
    """The job, which is done. Raises Refusal; `buckets` are name -> objects."""
    configuration = body["configuration"]
    request = configuration["extract"]
    if unknown := sorted(set(request) - FIELDS):
        raise Refusal(400, "invalid", f"Invalid JSON payload received. Unknown name {unknown[0]!r}")
    if request.get("destinationFormat") != "PARQUET" or len(request["destinationUris"]) != 1:
        raise Refusal(400, "invalid", "this stand-in writes Parquet to one address")
    address = re.fullmatch(r"gs://([^/]+)/([^*]*)\*([^*]*)", request["destinationUris"][0])
    if not address:
        raise Refusal(400, "invalid", f"Invalid extract destination URI {request['destinationUris'][0]!r}")
    if address[1] not in buckets:
        raise Refusal(404, "notFound", f"Not found: URI {request['destinationUris'][0]}")
    source = request["sourceTable"]
    rows = tables.get(source["datasetId"], source["tableId"]).rows
    starts = range(0, max(rows.num_rows, 1), ROWS_PER_FILE)
    for number, start in enumerate(starts):
        file = io.BytesIO()
        pq.write_table(rows.slice(start, ROWS_PER_FILE), file, compression=request.get("compression", "NONE").lower())
        buckets[address[1]][f"{address[2]}{number:012d}{address[3]}"] = file.getvalue()
    job_id = body.get("jobReference", {}).get("jobId") or uuid.uuid4().hex
    resource = {
        "kind": "bigquery#job",
        "jobReference": {"projectId": PROJECT, "location": LOCATION, "jobId": job_id},
        "configuration": configuration,
        "status": {"state": "DONE"},
        "statistics": {
            "creationTime": "1782864000000",
            "extract": {"destinationUriFileCounts": [str(len(starts))]},
        },
    }
    return Job(resource, 0)
