"""A pipeline for clusters, as two files of one source: Kubeflow's with its Kubernetes document, Vertex AI's without."""

import tempfile
from dataclasses import dataclass
from pathlib import Path

from model.files import write_atomically
from pipelines.cluster.compiled import check_compiled
from pipelines.graph_settings import AnySettings, Graph
from pipelines.kfp_sdk import compiler

KFP, VERTEX = "pipeline.kfp.yaml", "pipeline.vertex.yaml"
NEXT_DOCUMENT = b"\n---\n"


@dataclass(frozen=True)
class PipelineFiles:
    kfp: Path
    vertex: Path


def write_pipeline(graph: Graph[AnySettings], settings: AnySettings, folder: Path) -> PipelineFiles:
    """Compile the graph into `folder`: the same settings give the same bytes.

    What is checked is what is written. Raises CompiledPipelineError with every problem, and writes nothing then.
    """
    files = PipelineFiles(folder / KFP, folder / VERTEX)
    kfp, vertex = compiled(graph, settings), compiled_for_vertex(graph, settings)
    for path, data in ((files.kfp, kfp), (files.vertex, vertex)):
        check_compiled(data, path.name)
    folder.mkdir(parents=True, exist_ok=True)
    for path, data in ((files.kfp, kfp), (files.vertex, vertex)):
        write_atomically(path, data)
    return files


def compiled_for_vertex(graph: Graph[AnySettings], settings: AnySettings) -> bytes:
    """The first document alone: the service takes no second one."""
    return compiled(graph, settings.without_kubernetes()).split(NEXT_DOCUMENT)[0] + b"\n"


def compiled(graph: Graph[AnySettings], settings: AnySettings) -> bytes:
    """The YAML of KFP's compiler, which can only write files."""
    with tempfile.TemporaryDirectory() as scratch:
        path = Path(scratch) / "pipeline.yaml"
        compiler.Compiler().compile(graph(settings), str(path))
        return path.read_bytes()
