"""The methods of the REST API. Each takes the service, the parts of the path, the query and the body."""

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pyarrow as pa

from tests.services.bigquery.columns import arrow_schema
from tests.services.bigquery.job import page
from tests.services.bigquery.refusal import LOCATION, PROJECT, Refusal
from tests.services.bigquery.tables import TableOptions, milliseconds

if TYPE_CHECKING:
    from tests.services.bigquery.server import Service

CHANGEABLE = {"expirationTime", "requirePartitionFilter"}


def insert_job(service: "Service", path: tuple[str, ...], _query: dict, body: dict) -> dict:
    return service.insert(path[0], body)


def get_job(service: "Service", path: tuple[str, ...], query: dict, _body: dict) -> dict:
    return service.job(path[1], query.get("location", LOCATION)).look()


def get_query_results(service: "Service", path: tuple[str, ...], query: dict, _body: dict) -> dict:
    return service.job(path[1], query.get("location", LOCATION)).results(query, service.tables)


def get_dataset(service: "Service", path: tuple[str, ...], _query: dict, _body: dict) -> dict:
    service.tables.check_dataset(path[1])
    reference = {"projectId": PROJECT, "datasetId": path[1]}
    return {"kind": "bigquery#dataset", "datasetReference": reference, "location": LOCATION}


def list_tables(service: "Service", path: tuple[str, ...], query: dict, _body: dict) -> dict:
    tables = list(service.tables.in_dataset(path[1]))
    start, size = int(query.get("pageToken", 0)), min(int(query.get("maxResults", 50)), 1000)
    keys = ("kind", "id", "tableReference", "type", "timePartitioning", "expirationTime", "creationTime")
    listed = [
        {key: value for key, value in table.resource().items() if key in keys} for table in tables[start : start + size]
    ]
    more = {"nextPageToken": str(start + size)} if start + size < len(tables) else {}
    return {"kind": "bigquery#tableList", "tables": listed, "totalItems": len(tables), **more}


def insert_table(service: "Service", path: tuple[str, ...], _query: dict, body: dict) -> dict:
    name = body["tableReference"]["tableId"]
    service.tables.check_dataset(path[1])
    if any(table.name == name for table in service.tables.in_dataset(path[1])):
        raise Refusal(409, "duplicate", f"Already Exists: Table {PROJECT}:{path[1]}.{name}")
    partitions = body.get("timePartitioning", {})
    expires = body.get("expirationTime")
    options = TableOptions(
        partitioned_by=partitions.get("field", ""),
        unit=partitions.get("type", "DAY"),
        requires_filter=body.get("requirePartitionFilter", False),
        expires=None if expires is None else _moment(expires),
    )
    empty = arrow_schema(body["schema"]).empty_table() if "schema" in body else pa.table({})
    service.tables.add(path[1], name, empty, options)
    return service.tables.get(path[1], name).resource()


def get_table(service: "Service", path: tuple[str, ...], _query: dict, _body: dict) -> dict:
    return service.tables.get(path[1], path[2]).resource()


def patch_table(service: "Service", path: tuple[str, ...], _query: dict, body: dict) -> dict:
    table = service.tables.get(path[1], path[2])
    if unknown := sorted(set(body) - CHANGEABLE):
        raise Refusal(400, "invalid", f"this stand-in changes only {sorted(CHANGEABLE)}, not {unknown[0]}")
    expires = body.get("expirationTime", milliseconds(table.options.expires) if table.options.expires else None)
    service.tables.options[f"{path[1]}.{path[2]}"] = TableOptions(
        table.options.partitioned_by,
        table.options.unit,
        body.get("requirePartitionFilter", table.options.requires_filter),
        None if expires is None else _moment(expires),
    )
    return service.tables.get(path[1], path[2]).resource()


def delete_table(service: "Service", path: tuple[str, ...], _query: dict, _body: dict) -> dict:
    service.tables.drop(path[1], path[2])
    return {}


def list_rows(service: "Service", path: tuple[str, ...], query: dict, _body: dict) -> dict:
    """Rows in no order of note, free of charge."""
    rows = service.tables.get(path[1], path[2]).rows
    if selected := query.get("selectedFields"):
        rows = rows.select(selected.split(","))
    return {"kind": "bigquery#tableDataList", "totalRows": str(rows.num_rows), **page(rows, query)}


def _moment(text: str) -> datetime:
    moment = datetime.fromtimestamp(int(text) / 1000, UTC)
    if moment <= datetime.now(UTC):
        raise Refusal(400, "invalid", "Invalid expiration time: it must be in the future")
    return moment
