"""Tables behind a name like `events_*`, of which each holds a day."""

from typing import Any

from components.extract.sources.bigquery.client import Connection

NEWEST = 100  # tables whose state is looked at: exports change those of the last days


def shards_of(connection: Connection, reference: Any) -> list[Any]:
    """The last of them by name, as Tables. Raises what the client raises."""
    prefix = reference.table_id.removesuffix("*")
    dataset = f"{reference.project}.{reference.dataset_id}"
    listed = connection.client.list_tables(dataset, page_size=1000, retry=connection.retry())
    names = sorted(item.table_id for item in listed if item.table_id.startswith(prefix))
    return [connection.client.get_table(f"{dataset}.{name}", retry=connection.retry()) for name in names[-NEWEST:]]
