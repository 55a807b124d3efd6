"""The command line: `python -m build.image.base_images` builds both base images and lays them into a folder."""

from model import interrupt

if __name__ == "__main__":
    interrupt.exit_at_once()

import argparse
import contextlib
import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from docker.errors import DockerException

from build.image.base_images import BaseImagesError
from build.image.base_images.build_context import build_contexts
from build.image.base_images.build_images import build_images
from build.image.base_images.export import export, fresh_layout
from build.image.base_images.python_base import PUBLIC, python_image
from build.image.smoke_test.container import engine
from build.settings import cache, commit
from model.command_line import CommandLine
from model.errors import KamadoError, Problem


def main(arguments: Sequence[str], environ: Mapping[str, str]) -> int:
    """0 = both are in the folder, 1 = refused with every problem."""
    args = parser().parse_args(arguments)
    try:
        interrupt.raise_from_now_on()
        _build(args.out, args.python, environ)
    except KamadoError as refusal:
        print(refusal, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("interrupted; images that were there before are untouched", file=sys.stderr)
        return interrupt.INTERRUPTED
    return 0


def _build(folder: Path, python: str | None, environ: Mapping[str, str]) -> None:
    client = engine()
    if client is None:
        hint = "Start one, or name it by DOCKER_HOST"
        raise BaseImagesError(Problem("container engine", "does not answer", hint, "engine-missing"))
    with contextlib.closing(client), fresh_layout(folder) as layout:
        try:
            image = python_image(client, python, cache=cache(environ), report=print)
            images = build_images(client, image, build_contexts(environ, commit=commit(environ)), report=print)
            for name, digest in export(client, images, layout, report=print).items():
                print(f"oci:{folder}:{name} is {digest}")
        except DockerException as error:
            raise BaseImagesError(Problem("container engine", f"fails ({error})", "Fix it", "engine-failed")) from error


def parser() -> argparse.ArgumentParser:
    parser = CommandLine(prog="python -m build.image.base_images", description=__doc__)
    parser.add_argument("--out", type=Path, default=Path("out/base-images"), help="OCI layout; default: %(default)s")
    about = f'by digest, or "debian"; default: {PUBLIC[:20]}…, or Debian\'s where its registry cannot be reached'
    parser.add_argument("--python", metavar="IMAGE", help=about)
    return parser


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:], os.environ))
