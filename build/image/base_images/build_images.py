"""Both images through the engine: built first, tagged when both are there."""

import tempfile
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from docker import DockerClient
from docker.errors import APIError, BuildError

from build.image.base.base import ReportMessage
from build.image.base.layer_cache import EPOCH
from build.image.base_images import BaseImagesError
from build.image.base_images.build_context import BuildContext
from build.oci.layer import write_layer
from model.errors import Problem

LAST_LINES = 8  # of the log of a build that failed


def build_images(
    client: DockerClient, python: str, contexts: Iterable[BuildContext], *, tag: str = "latest", report: ReportMessage
) -> dict[str, str]:
    """Name -> the engine's id of the image. Raises BaseImagesError, and then no tag has changed."""
    images = {}
    for context in contexts:
        report(f"building {context.name}")
        images[context.name] = _build(client, python, context)
    for name, image in images.items():
        client.images.get(image).tag(f"kamado/{name}", tag)
    return images


def _build(client: DockerClient, python: str, context: BuildContext) -> str:
    with tempfile.TemporaryDirectory(prefix="kamado-context-") as scratch:
        archive = write_layer(Path(scratch) / "context.tar.gz", context.files, mtime=EPOCH)
        with archive.path.open("rb") as file:
            try:
                # The host's network: engines without a bridge have no other, and proxies on loopback are reached.
                image, _ = client.images.build(
                    fileobj=file,
                    custom_context=True,
                    encoding="gzip",
                    buildargs={"PYTHON": python, **context.arguments},
                    network_mode="host",
                    rm=True,
                    forcerm=True,
                )
            except BuildError as error:
                problem = f"{error.msg}; its log ends with: {' | '.join(_last_lines(error.build_log))}"
                raise _refused(context, problem) from error
            except APIError as error:
                raise _refused(context, str(error.explanation or error)) from error
    return str(image.id)


def _last_lines(log: Iterable[Mapping[str, object]]) -> list[str]:
    return list(_lines(log))[-LAST_LINES:]


def _lines(log: Iterable[Mapping[str, object]]) -> Iterator[str]:
    for part in log:
        yield from (line.strip() for line in str(part.get("stream", "")).splitlines() if line.strip())


def _refused(context: BuildContext, problem: str) -> BaseImagesError:
    hint = "Fix what it names and run again; nothing was tagged"
    return BaseImagesError(Problem(f"image {context.name}", problem, hint, "image-build"))
