"""The job that a request becomes."""

import re
import secrets
from datetime import UTC, datetime
from typing import Any

from google.protobuf import json_format

from model.errors import Problem
from pipelines.cluster.documents import documents
from pipelines.submit.package import CompiledPipeline
from pipelines.submit.service import Package, RunRequest, SubmitError
from pipelines.submit.vertex.labels import labels_of
from pipelines.submit.vertex.settings import VertexSettings

MOST_NAME = 128  # signs of a job's display name
MOST_ID = 63  # and of its id, so that it is a label too
# What a request says; all else of a job is the service's.
REQUESTED = ("display_name", "pipeline_spec", "labels", "runtime_config", "service_account")


def job_of(api: Any, request: RunRequest, settings: VertexSettings) -> Any:
    """A PipelineJob. The service would take unknown and missing parameters and fail later, so they are looked at here.

    Raises UsageError for parameters, and SubmitError for a package that has more than the pipeline's specification.
    """
    CompiledPipeline(request.package.text).check(request.parameters)
    job = api.PipelineJob.pb(api.PipelineJob())
    document = {
        "displayName": request.name[:MOST_NAME],
        "pipelineSpec": _specification(request.package),
        "labels": labels_of(request),
        "runtimeConfig": {"gcsOutputDirectory": settings.root, "parameterValues": dict(request.parameters)},
        "serviceAccount": request.service_account or settings.service_account,
    }
    return api.PipelineJob.wrap(json_format.ParseDict(document, job))


def same_again(api: Any, job: Any) -> Any:
    """A PipelineJob that asks for what `job` asked for."""
    message = api.PipelineJob.pb(job)
    again = type(message)()
    again.CopyFrom(message)
    for field in message.DESCRIPTOR.fields:
        if field.name not in REQUESTED:
            again.ClearField(field.name)
    return api.PipelineJob.wrap(again)


def new_id(pipeline: str) -> str:
    """`<pipeline>-<time>-<random>`."""
    tail = f"{datetime.now(UTC):%Y%m%d%H%M%S}-{secrets.token_hex(3)}"
    return f"{re.sub('[^a-z0-9-]', '-', pipeline)[: MOST_ID - len(tail) - 1]}-{tail}"


def _specification(package: Package) -> Any:
    specification, *others = documents(package.text)
    if others:
        problem = "has settings of Kubernetes, which Vertex AI does not have"
        hint = "Submit the file pipeline.vertex.yaml of make pipeline-compile"
        raise SubmitError(Problem(package.pipeline, problem, hint, "vertex-document"))
    return specification
