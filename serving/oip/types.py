"""The JSON objects of the protocol, with its names. Validation stops at a list's first invalid element.

Unknown keys are ignored by the types: request.py refuses them.
"""

from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, FailFast, Field, JsonValue

ProtocolParameters = dict[str, JsonValue]


class _Request(BaseModel):
    model_config = ConfigDict(strict=True, allow_inf_nan=False)


class RequestInput(_Request):
    """One input of the model for all rows."""

    name: str = Field(description="an input of the model")
    shape: Annotated[list[int], FailFast()] = Field(description="[rows] or [rows, 1]")
    datatype: str = Field(description="BYTES for a category; FP64, FP32, INT64 or INT32 for a number")
    parameters: ProtocolParameters | None = Field(None, description="`binary_data_size` of a tensor in binary form")
    data: list[Any] | None = Field(None, description="one value per row; null is not known")


class RequestOutput(_Request):
    """An output that is wanted."""

    name: str
    parameters: ProtocolParameters | None = Field(None, description="`binary_data`: true for binary form")


class InferenceOptions(_Request):
    """What a request says beside its inputs."""

    id: str | None = Field(None, description="returned in the answer")
    model_name: str | None = Field(None, description="that of the path, when given")
    model_version: str | None = Field(None, description="the model's digest, when given")
    parameters: ProtocolParameters | None = Field(None, description="`binary_data_output`: true for binary outputs")
    outputs: Annotated[list[RequestOutput] | None, Field(description="all of them when not given")] = None


class InferenceRequest(InferenceOptions):
    """Rows to score: one tensor for each input of the model."""

    inputs: Annotated[list[RequestInput], FailFast()] = Field(min_length=1)


class ResponseOutput(BaseModel):
    """One output for all rows."""

    name: str
    shape: list[int]
    datatype: str
    parameters: ProtocolParameters | None = Field(None, description="`binary_data_size` of a tensor in binary form")
    data: list[float] | list[str] | None = Field(None, description="not there for a tensor in binary form")


class InferenceResponse(BaseModel):
    """The outputs that were wanted, in that order."""

    model_name: str
    model_version: str = Field(description="the bundle's digest")
    id: str | None = Field(None, description="of the request, when it had one")
    outputs: list[ResponseOutput]


class InferenceError(BaseModel):
    """Nothing was scored. The text has the first problems."""

    error: str


class TensorMetadata(BaseModel):
    """A shape of -1 is one element for each row."""

    name: str
    datatype: str
    shape: list[int]


class ModelMetadata(BaseModel):
    """The model in service."""

    name: str
    versions: list[str] = Field(description="the one that is served: the bundle's digest")
    platform: str
    inputs: list[TensorMetadata]
    outputs: list[TensorMetadata]


class ServerMetadata(BaseModel):
    """The server."""

    name: str
    version: str
    extensions: list[str]


class ServerLive(BaseModel):
    """The answer of /v2/health/live."""

    live: bool


class ServerReady(BaseModel):
    """The answer of /v2/health/ready. The specification names it `live`, KServe's client reads `ready`."""

    live: bool
    ready: bool


class ModelReady(BaseModel):
    """The answer of the model's `ready` route."""

    name: str
    ready: bool
