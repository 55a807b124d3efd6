"""Compile a model's training pipeline to KFP YAML: `python -m pipelines.compile IMAGE@sha256:… FILE --spec FOLDER`.

The spec with its query is compiled in, as the default of the parameter `spec`: the file is whole, and nobody who starts
it needs a bucket to put a spec into.
"""

from model import interrupt

if __name__ == "__main__":
    interrupt.exit_at_once()

import hashlib
import os
import re
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from kfp import compiler
from kfp.dsl import base_component

from components.load_spec.spec_uri import packed
from model.command_line import CommandLine
from model.errors import KamadoError, Problem
from model.spec.reader import read_spec
from pipelines.training import training

ROOT = Path(__file__).resolve().parents[1]
CODE = ("artifacts", "components", "model", "build", "serving")
Graph = Callable[[str, str], base_component.BaseComponent]


class ComponentImageError(KamadoError):
    heading = "the pipeline was not compiled"


def compile_graph(graph: Graph, image: str, path: Path, spec_uri: str) -> None:
    """Write the pipeline as YAML. Raises ComponentImageError unless `image` is named by digest."""
    if not re.search(r"@sha256:[0-9a-f]{64}$", image):
        hint = "Give it as repository@sha256:<64 hex digits>"
        raise ComponentImageError(Problem(f"image {image!r}", "is not named by digest", hint, "image-without-digest"))
    compiler.Compiler().compile(graph(image, spec_uri), str(path))


def local_image() -> str:
    """Names this checkout's step code and lock by content, in the form of an image reference.

    Nothing is pulled under this name: the subprocess runner reads only that it says "python". It makes the compiled
    pipeline tell which code it was compiled for.
    """
    digest = hashlib.sha256((ROOT / "requirements.txt").read_bytes())
    for folder in CODE:
        for file in sorted((ROOT / folder).rglob("*")):
            if file.is_file() and "__pycache__" not in file.parts:
                digest.update(f"{file.relative_to(ROOT)}\0".encode() + file.read_bytes())
    return f"kamado/python-steps@sha256:{digest.hexdigest()}"


def main(arguments: Sequence[str], _: Mapping[str, str]) -> int:
    """0 = written, 1 = refused with every problem, 2 = the command line cannot be understood."""
    parser = CommandLine(prog="python -m pipelines.compile", description=__doc__)
    parser.add_argument("image", metavar="IMAGE@sha256:…", help="image of the steps, by digest")
    parser.add_argument("file", type=Path, metavar="FILE", help="YAML to write")
    parser.add_argument("--spec", type=Path, required=True, metavar="FOLDER", help="folder with spec.yaml and its SQL")
    args = parser.parse_args(arguments)
    try:
        compile_graph(training, args.image, args.file, packed(read_spec(args.spec)))
    except KamadoError as refusal:
        print(refusal, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:], os.environ))
