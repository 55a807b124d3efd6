"""Compile a pipeline to KFP YAML.

The spec with its query is compiled in: the file is complete, and a run needs no bucket for the spec.
"""

import hashlib
from pathlib import Path

from model.digest import digest_problem
from model.errors import KamadoError
from pipelines.graph_settings import AnySettings, Graph
from pipelines.kfp_sdk import compiler

ROOT = Path(__file__).resolve().parents[1]
CODE = ("artifacts", "components", "model", "build", "serving")


class ComponentImageError(KamadoError):
    heading = "the pipeline was not compiled"


def compile_graph(graph: Graph[AnySettings], settings: AnySettings, path: Path) -> None:
    """Write the pipeline as YAML. Raises ComponentImageError unless the image of the steps is named by digest."""
    if problem := digest_problem("image of the steps", settings.image):
        raise ComponentImageError(problem)
    compiler.Compiler().compile(graph(settings), str(path))


def local_image() -> str:
    """Names this checkout's step code and lock by content, in the form of an image reference.

    Nothing is pulled under this name: the subprocess runner only requires "python" in it. It makes the compiled
    pipeline name the code that it was compiled for.
    """
    digest = hashlib.sha256((ROOT / "requirements.txt").read_bytes())
    for folder in CODE:
        for file in sorted((ROOT / folder).rglob("*")):
            if file.is_file() and "__pycache__" not in file.parts:
                digest.update(f"{file.relative_to(ROOT)}\0".encode() + file.read_bytes())
    return f"kamado/python-steps@sha256:{digest.hexdigest()}"
