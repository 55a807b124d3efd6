"""What Kubeflow's Go server refuses, by kfp_server_api's models and kfp's protobufs."""

import json
import math
import re

import kfp_server_api as api
import yaml
from fastapi import HTTPException, Request
from google.protobuf import json_format
from kfp.kubernetes import kubernetes_executor_config_pb2 as kubernetes
from kfp.pipeline_spec import pipeline_spec_pb2 as pb

MOST_BYTES = 32 * 2**20
NAME = re.compile(r"[a-z0-9]([-.a-z0-9]*[a-z0-9])?")


def _number(value):
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


KINDS = {
    "NUMBER_INTEGER": _number,  # the Go server takes 1.5 too
    "NUMBER_DOUBLE": _number,
    "STRING": lambda value: isinstance(value, str),
    "BOOLEAN": lambda value: isinstance(value, bool),
    "LIST": lambda value: isinstance(value, list),
    "STRUCT": lambda value: isinstance(value, dict),
}


def refuse(message, status=400):
    raise HTTPException(status, message)


def not_json(constant):
    refuse(f"{constant} is not JSON")


def parse_json(text):
    try:
        return json.loads(text, parse_constant=not_json)
    except ValueError as error:
        refuse(f"not JSON: {error}")


async def body(request: Request, model):
    """The request's body under the names of `model`, whose fields are known at every depth."""
    document = parse_json(await request.body())
    if not isinstance(document, dict):
        refuse(f"{model.__name__} is not an object")
    return known_fields(document, model)


def known_fields(document, model):
    """protojson takes names in both spellings and refuses all others."""
    names = {name: name for name in model.openapi_types}
    names |= {re.sub(r"_([a-z])", lambda match: match[1].upper(), name): name for name in model.openapi_types}
    fields = {}
    for key, value in document.items():
        name = names.get(key) or refuse(f'proto: unknown field "{key}" in {model.__name__}')
        inner = getattr(api, re.sub(r"^list\[(.*)\]$", r"\1", model.openapi_types[name]), None)
        if inner is not None and inner.openapi_types:
            if isinstance(value, list):
                value = [known_fields(item, inner) for item in value]
            elif isinstance(value, dict):
                value = known_fields(value, inner)
        fields[name] = value
    return fields


def parse_package(data: bytes):
    """The specification and the platform's, each strictly; the raw documents beside the parsed message."""
    if len(data) > MOST_BYTES:
        refuse(f"File size too large. Maximum supported size: {MOST_BYTES}")
    try:
        documents = [document for document in yaml.load_all(data, Loader=yaml.CSafeLoader) if document]
    except yaml.YAMLError as error:
        refuse(f"invalid YAML: {error}")
    specifications = [document for document in documents if "platforms" not in document]
    platforms = [document for document in documents if "platforms" in document]
    if len(specifications) != 1 or len(platforms) > 1:
        refuse("a package has one pipeline spec and at most one platform spec")
    platform = platforms[0] if platforms else None
    return specifications[0], platform, parse(specifications[0], platform)


def parse(specification, platform=None):
    try:
        message = json_format.ParseDict(specification, pb.PipelineSpec(), ignore_unknown_fields=False)
        if platform:
            parsed = json_format.ParseDict(platform, pb.PlatformSpec(), ignore_unknown_fields=False)
            for executor in parsed.platforms["kubernetes"].deployment_spec.executors.values():
                settings = json_format.MessageToDict(executor)
                json_format.ParseDict(settings, kubernetes.KubernetesExecutorConfig(), ignore_unknown_fields=False)
    except json_format.ParseError as error:
        refuse(f"invalid v2 pipeline spec: {error}")
    if not NAME.fullmatch(message.pipeline_info.name):
        refuse(f"invalid v2 pipeline spec: name {message.pipeline_info.name!r} must match [a-z0-9.-]")
    if message.schema_version != "2.1.0" or not message.root.dag.tasks:
        refuse("invalid v2 pipeline spec: schema version or root dag")
    return message


def check_parameters(message, parameters):
    defined = message.root.input_definitions.parameters
    for name, value in parameters.items():
        if name not in defined:
            refuse(f"parameter {name} is not found in the pipeline's input definitions")
        kind = pb.ParameterType.ParameterTypeEnum.Name(defined[name].parameter_type)
        if not KINDS[kind](value):
            refuse(f"input parameter {name} requires type {kind}, but the parameter value is {value!r}")
    for name, definition in defined.items():
        if name not in parameters and not definition.HasField("default_value") and not definition.is_optional:
            refuse(f"parameter {name} is missing")


def check_cron(text):
    """Seconds first, as robfig/cron reads it: 6 fields."""
    fields = (text or "").split()
    limits = [(0, 59), (0, 59), (0, 23), (1, 31), (1, 12), (0, 6)]
    if len(fields) != len(limits):
        refuse(f"Expected 6 fields, found {len(fields)}: {text}")
    for field, (least, most) in zip(fields, limits, strict=True):
        if any(not least <= int(number) <= most for number in re.findall(r"(?<![/\d])\d+", field)):
            refuse(f"the cron field {field} is out of its range {least} to {most}")


def filtered(items, text, fields):
    """Those that the filter of a list names. `fields` maps the filter's keys to attributes."""
    if not text:
        return items
    for predicate in known_fields(parse_json(text), api.V2beta1Filter).get("predicates", []):
        if predicate.get("operation") not in (1, "EQUALS"):
            refuse(f"operation {predicate.get('operation')!r} is not in this stand-in")
        if predicate.get("key") not in fields:
            refuse(f"no support for filtering on unrecognized field {predicate.get('key')!r}")
        items = [item for item in items if getattr(item, fields[predicate["key"]]) == predicate.get("string_value")]
    return items


def page(items, name, token, size, sort_by):
    field, _, order = (sort_by or "created_at").partition(" ")
    if field not in ("created_at", "id") or order not in ("", "asc", "desc"):
        refuse(f"cannot sort by {sort_by!r}")
    if order == "desc":
        items = list(reversed(items))
    start, size = int(token or 0), int(size or 20)
    entries = [item.answer() for item in items[start : start + size]]
    following = {"next_page_token": str(start + size)} if start + size < len(items) else {}
    return {name: entries, "total_size": len(items), **following}
