"""Compile the training pipeline to KFP YAML: `python -m pipelines.compile IMAGE@sha256:… FILE`."""

import argparse
import hashlib
import re
from pathlib import Path

from kfp import compiler

from pipelines.training import training

ROOT = Path(__file__).resolve().parents[1]
CODE = ("components", "model", "build", "serving")


def compile_training(image: str, path: Path) -> None:
    """Write the pipeline as YAML. Raises ValueError unless `image` is named by digest."""
    if not re.search(r"@sha256:[0-9a-f]{64}$", image):
        raise ValueError(f"image {image!r} is not named by digest. Give it as repository@sha256:<64 hex digits>")
    compiler.Compiler().compile(training(image), str(path))


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


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m pipelines.compile", description=__doc__)
    parser.add_argument("image", help="component image by digest")
    parser.add_argument("file", type=Path, help="YAML to write")
    asked = parser.parse_args()
    try:
        compile_training(asked.image, asked.file)
    except ValueError as error:
        raise SystemExit(str(error)) from None


if __name__ == "__main__":
    main()
