"""Filters, order and pages of a list."""

import re

from google.protobuf import json_format

from tests.services.kfp_server.validate import refuse

TERM = re.compile(r'(labels\.[a-z][a-z0-9_]*|[a-z_]+)\s*=\s*"((?:[^"\\]|\\.)*)"')
QUERY = {"filter", "pageSize", "pageToken", "orderBy", "readMask"}


def listed(messages, query, name, filters):
    """The page of `messages` that the query asks for, newest first."""
    if not query.keys() <= QUERY:
        refuse(f"Unknown name {sorted(query.keys() - QUERY)}: Cannot bind query parameter.")
    if query.get("orderBy", "create_time desc") != "create_time desc":
        refuse("this stand-in orders by create_time desc alone")
    messages = list(reversed([item for item in messages if _matches(item, query.get("filter", ""), filters)]))
    start, size = int(query.get("pageToken", 0)), int(query.get("pageSize", 0)) or 100
    entries = [json_format.MessageToDict(_masked(item, query)) for item in messages[start : start + size]]
    following = {"nextPageToken": str(start + size)} if start + size < len(messages) else {}
    return {name: entries, **following}


def _matches(message, text, filters):
    for term in filter(None, text.split(" AND ")):
        match = TERM.fullmatch(term) or refuse(f"Invalid filter: {text}")
        name, value = match[1], re.sub(r"\\(.)", r"\1", match[2])
        if name.startswith("labels.") and "labels" in filters:
            current = message.labels.get(name.removeprefix("labels."))
        elif name in filters:
            current = getattr(message, name)
        else:
            refuse(f"Invalid filter: the field {name} is not supported")
        if current != value:
            return False
    return True


def _masked(message, query):
    """In a list a job has no details, and no other fields than those of the mask."""
    masked = type(message)()
    masked.CopyFrom(message)
    names = {field.json_name: field.name for field in message.DESCRIPTOR.fields}
    wanted = query["readMask"].split(",") if "readMask" in query else [name for name in names if name != "jobDetail"]
    unknown = [name for name in wanted if name not in names]
    if unknown:
        refuse(f"Invalid read mask: {unknown}")
    for json_name, name in names.items():
        if json_name not in wanted:
            masked.ClearField(name)
    return masked
