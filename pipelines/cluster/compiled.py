"""The checks of a compiled pipeline, on the bytes that will be written: what passes here, a cluster takes and runs."""

import json
import math
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from google.protobuf import json_format
from kfp.kubernetes import kubernetes_executor_config_pb2 as kubernetes_pb2
from kfp.pipeline_spec import pipeline_spec_pb2

from model.digest import digest_problem
from model.errors import KamadoError, Problem
from pipelines.cluster.documents import YamlDocument, documents

COMPONENTS = Path(__file__).resolve().parents[2] / "components"
NAME = re.compile(r"[a-z0-9.-]+")
SCHEMA = "2.1.0"
# Steps that ask the outer world or change it; from the cache they would do neither.
EFFECTS = frozenset({"resolve", "build_image", "conclude", "fleet_conclude", "notify"})
MOST_TASK = 120_000  # bytes of JSON: Kubeflow gives each task to a process as one argument
MOST_BYTES = 700_000  # Argo keeps the whole pipeline in one object of Kubernetes
DEFECT = "It is a defect of Kamado: report it with the command"


class CompiledPipelineError(KamadoError):
    heading = "the pipeline was not compiled"


@dataclass(frozen=True)
class GraphTask:
    """A task somewhere in the graph, and the step that it runs; None for a group of tasks."""

    name: str
    spec: YamlDocument
    step: str | None


def check_compiled(data: bytes, name: str) -> None:
    """Raises CompiledPipelineError with every problem of the compiled file; `name` is the file in messages."""
    parts = documents(data)
    problems = list(_unreadable(parts, name))
    if not problems:
        pipeline, kubernetes = parts[0], parts[1] if len(parts) > 1 else {}
        problems += [*_shape(pipeline, data, name), *_images(pipeline, name), *_steps(pipeline, name)]
        problems += _tasks_too_long(pipeline, name)
        problems += [*_cached(pipeline, name), *_not_finite(parts, name), *_strangers(pipeline, kubernetes, name)]
    if problems:
        raise CompiledPipelineError(*problems)


def _unreadable(parts: list[YamlDocument], name: str) -> Iterator[Problem]:
    """What the API server could not parse: it takes no field that it does not know."""
    if not 1 <= len(parts) <= 2:
        yield Problem(name, f"has {len(parts)} documents", DEFECT, "pipeline-document")
        return
    yield from _unknown(parts[0], pipeline_spec_pb2.PipelineSpec(), name)
    deployment = parts[0].get("deploymentSpec", {})
    yield from _unknown(deployment, pipeline_spec_pb2.PipelineDeploymentConfig(), f"{name} deploymentSpec")
    if len(parts) == 2:
        yield from _unknown(parts[1], pipeline_spec_pb2.PlatformSpec(), f"{name} platforms")
        for label, config in _pods(parts[1]).items():
            yield from _unknown(config, kubernetes_pb2.KubernetesExecutorConfig(), f"{name} platforms {label}")


def _unknown(document: YamlDocument, message: object, name: str) -> Iterator[Problem]:
    try:
        json_format.ParseDict(document, message, ignore_unknown_fields=False)
    except json_format.ParseError as error:
        yield Problem(name, f"cannot be parsed ({' '.join(str(error).split())})", DEFECT, "pipeline-document")


def _shape(pipeline: YamlDocument, data: bytes, name: str) -> Iterator[Problem]:
    if pipeline.get("schemaVersion") != SCHEMA:
        problem = f"has the schema {pipeline.get('schemaVersion')!r}, not {SCHEMA}"
        yield Problem(name, problem, "Install the locked kfp again", "pipeline-document")
    if not NAME.fullmatch(pipeline["pipelineInfo"]["name"]):
        yield Problem(name, f"is named {pipeline['pipelineInfo']['name']!r}", DEFECT, "pipeline-document")
    if not pipeline["root"].get("dag", {}).get("tasks"):
        yield Problem(name, "has no tasks", DEFECT, "pipeline-document")
    if len(data) > MOST_BYTES:
        problem = f"takes {len(data):,} bytes, of at most {MOST_BYTES:,} that a cluster keeps"
        yield Problem(name, problem, "Compile fewer or shorter specs into one pipeline", "pipeline-too-large")


def _tasks_too_long(pipeline: YamlDocument, name: str) -> Iterator[Problem]:
    for task in _tasks(pipeline):
        size = len(json.dumps(task.spec))
        if size > MOST_TASK:
            problem = f"takes {size:,} bytes, of at most {MOST_TASK:,} that one argument of a process may have"
            hint = "Compile fewer or shorter specs into one pipeline"
            yield Problem(f"{name} {task.name}", problem, hint, "pipeline-too-large")


def _images(pipeline: YamlDocument, name: str) -> Iterator[Problem]:
    for label, executor in _executors(pipeline).items():
        if problem := digest_problem(f"{name} {label} image", executor.get("container", {}).get("image", "")):
            yield problem


def _steps(pipeline: YamlDocument, name: str) -> Iterator[Problem]:
    folders = {path.parent.name for path in COMPONENTS.glob("*/component.py")}
    for label in _executors(pipeline):
        if _step(label) not in folders:
            problem = f"has no folder in components/, which has {', '.join(sorted(folders))}"
            yield Problem(f"{name} {label}", problem, DEFECT, "pipeline-step")


def _cached(pipeline: YamlDocument, name: str) -> Iterator[Problem]:
    for task in _tasks(pipeline):
        if task.step in EFFECTS and task.spec.get("cachingOptions", {}).get("enableCache"):
            problem = "may come from the cache, although it has an effect outside"
            yield Problem(f"{name} {task.name}", problem, DEFECT, "pipeline-cached")


def _not_finite(value: object, name: str) -> Iterator[Problem]:
    """NaN is not JSON, and no API takes it."""
    if isinstance(value, float) and not math.isfinite(value):
        yield Problem(name, f"has the value {value}", DEFECT, "pipeline-not-finite")
    pairs = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, inner in pairs:
        yield from _not_finite(inner, f"{name} {key}")


def _strangers(pipeline: YamlDocument, kubernetes: YamlDocument, name: str) -> Iterator[Problem]:
    for label in sorted(set(_pods(kubernetes)) - set(_executors(pipeline))):
        yield Problem(f"{name} platforms {label}", "belongs to no step", DEFECT, "pipeline-step")


def _executors(pipeline: YamlDocument) -> dict[str, YamlDocument]:
    return dict(pipeline.get("deploymentSpec", {}).get("executors", {}))


def _pods(kubernetes: YamlDocument) -> dict[str, YamlDocument]:
    """Label of an executor -> its Kubernetes settings."""
    platform = kubernetes.get("platforms", {}).get("kubernetes", {})
    return dict(platform.get("deploymentSpec", {}).get("executors", {}))


def _tasks(pipeline: YamlDocument) -> Iterator[GraphTask]:
    """Of every level of the graph."""
    components = pipeline.get("components", {})
    for part in (pipeline["root"], *components.values()):
        for name, spec in part.get("dag", {}).get("tasks", {}).items():
            label = components.get(spec["componentRef"]["name"], {}).get("executorLabel")
            yield GraphTask(name, spec, _step(label) if label else None)


def _step(label: str) -> str:
    """The folder of an executor's step; KFP numbers the second use of one."""
    return re.sub(r"^exec-|-\d+$", "", label).replace("-", "_")
