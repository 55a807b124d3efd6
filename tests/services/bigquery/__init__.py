"""A strict stand-in for BigQuery on loopback, for the real clients of its REST API and its Storage Read API.

It is not BigQuery. Queries run in DuckDB through the same translation as files, so the agreement of the two sources
proves nothing about GoogleSQL. It proves the client's side of the wire: it refuses what the service's reference
refuses, with the service's status, reason and form of an error, and says where it is stricter or knows less.
KAMADO_BIGQUERY_PROJECT runs the same contract on the real service.

server.py              the service in a `with` block, and its two addresses
faults.py              what goes wrong, as a test sets it
rest.py, api.py        routes and methods of the REST API; insert.py is jobs.insert of a query,
                       extract_job.py of an extract; job.py is a job and its results
storage.py             the Storage Read API over gRPC; session.py and stream.py are its read sessions and their streams
tables.py              tables with their partitions; information_schema.py describes them
query.py, engine.py    a query, and how it is planned and run
columns.py, cells.py   types and values on the wire; sizes.py is what they are billed for
"""

from tests.services.bigquery.faults import RestFault, StreamFault
from tests.services.bigquery.refusal import LOCATION, PROJECT
from tests.services.bigquery.server import Service, bigquery
from tests.services.bigquery.tables import TableOptions

__all__ = ("LOCATION", "PROJECT", "RestFault", "Service", "StreamFault", "TableOptions", "bigquery")
