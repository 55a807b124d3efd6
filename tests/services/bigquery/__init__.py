"""A strict stand-in for BigQuery on loopback, for the real clients of its REST API and its Storage Read API.

It is not BigQuery. Queries run in DuckDB through the same translation as files, so the agreement of the two sources
proves nothing about GoogleSQL. It proves the client's side of the wire: it refuses what the service's reference
refuses, with the service's status, reason and form of an error, and says where it is stricter or knows less.
KAMADO_BIGQUERY_PROJECT runs the same contract on the real service.

server.py   the service in a `with` block, its two addresses and its faults
rest.py     routes of the REST API; insert.py is jobs.insert, job.py a job and its results
storage.py  the Storage Read API over gRPC; session.py is a read session with its streams
wire.py     how schemas, rows and sizes are written
"""

from tests.services.bigquery.refusal import LOCATION, PROJECT
from tests.services.bigquery.server import Service, bigquery

__all__ = ("LOCATION", "PROJECT", "Service", "bigquery")
