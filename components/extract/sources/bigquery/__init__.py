"""Tables in BigQuery, through Google's own clients.

source.py      the Source: what it asks, in which order
client.py      the two clients, and where they look
query.py       a query with its parameters, and its digest
plan.py        the dry run: schema, bytes, tables
cost.py        bytes and their estimated price
schema.py      the columns of a result
partitions.py  tables that would be read whole are refused
shards.py      the tables behind a name with *
jobs.py        a job by an id of its own: started once, found again
labels.py      what a job is labelled with
result.py      the result of a job, and whether its table is still there
materialize.py a result as a table that several models share
reader.py      which of the three ways its rows come: storage.py, rest.py or export.py
storage.py     rows over the Storage Read API; stream.py is one of its streams
rest.py        rows over the REST API
export.py      rows of a large result as files in Cloud Storage
batch_sizes.py small batches become larger ones, within memory
progress.py    rows, bytes and rate, now and then
row_check.py   whether all rows came
errors.py      errors of the clients as problems
"""

from components.extract.sources.bigquery.source import BigQuerySource

__all__ = ("BigQuerySource",)
