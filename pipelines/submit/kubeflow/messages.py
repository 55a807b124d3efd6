"""The messages of ML Metadata that this project reads, by the field numbers of its protocol.

ML Metadata's own package does not install on this Python. The numbers are those of metadata_store.proto and
metadata_store_service.proto in ml_metadata/proto, which cannot change.
"""

from functools import cache
from typing import Any

from google.protobuf import descriptor_pb2, descriptor_pool, message_factory, struct_pb2
from google.protobuf.message import Message

PACKAGE = "ml_metadata"
SERVICE = f"{PACKAGE}.MetadataStoreService"
OUTPUT_EVENT = 4
_KINDS = descriptor_pb2.FieldDescriptorProto
_SCALARS = {"int64": _KINDS.TYPE_INT64, "double": _KINDS.TYPE_DOUBLE, "string": _KINDS.TYPE_STRING}
# A field is "name number type"; [] is repeated. A map is on the wire a list of entries.
MESSAGES = {
    "Value": ("int_value 1 int64", "double_value 2 double", "string_value 3 string", "struct_value 4 Struct"),
    "Property": ("key 1 string", "value 2 Value"),
    "Context": ("id 1 int64", "name 3 string"),
    "Execution": ("id 1 int64", "last_known_state 3 int64", "custom_properties 5 Property[]"),
    "Artifact": ("id 1 int64", "uri 3 string", "custom_properties 5 Property[]"),
    "Step": ("index 1 int64", "key 2 string"),
    "Path": ("steps 1 Step[]",),
    "Event": ("artifact_id 1 int64", "execution_id 2 int64", "path 3 Path", "type 4 int64"),
    "GetContextByTypeAndNameRequest": ("type_name 1 string", "context_name 2 string"),
    "GetContextByTypeAndNameResponse": ("context 1 Context",),
    "GetExecutionsByContextRequest": ("context_id 1 int64",),
    "GetExecutionsByContextResponse": ("executions 1 Execution[]",),
    "GetEventsByExecutionIDsRequest": ("execution_ids 1 int64[]",),
    "GetEventsByExecutionIDsResponse": ("events 1 Event[]",),
    "GetArtifactsByIDRequest": ("artifact_ids 1 int64[]",),
    "GetArtifactsByIDResponse": ("artifacts 1 Artifact[]",),
}


def message(name: str, **fields: Any) -> Any:
    """A new message of this name."""
    return _classes()[f"{PACKAGE}.{name}"](**fields)


@cache
def _classes() -> dict[str, type[Message]]:
    pool = descriptor_pool.DescriptorPool()  # of its own: another package may have registered the same names
    structures = descriptor_pb2.FileDescriptorProto.FromString(struct_pb2.DESCRIPTOR.serialized_pb)
    pool.Add(structures)
    file = descriptor_pb2.FileDescriptorProto(
        name="kamado/ml_metadata.proto", package=PACKAGE, syntax="proto2", dependency=[structures.name]
    )
    for name, fields in MESSAGES.items():
        file.message_type.add(name=name, field=[_field(text) for text in fields])
    pool.Add(file)
    return dict(message_factory.GetMessageClassesForFiles([file.name], pool))


def _field(text: str) -> descriptor_pb2.FieldDescriptorProto:
    name, number, kind = text.split()
    label = _KINDS.LABEL_REPEATED if kind.endswith("[]") else _KINDS.LABEL_OPTIONAL
    kind = kind.removesuffix("[]")
    if kind in _SCALARS:
        return _KINDS(name=name, number=int(number), label=label, type=_SCALARS[kind])
    package = "google.protobuf" if kind == "Struct" else PACKAGE
    return _KINDS(name=name, number=int(number), label=label, type=_KINDS.TYPE_MESSAGE, type_name=f".{package}.{kind}")
