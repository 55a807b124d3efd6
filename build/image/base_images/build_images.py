"""Both images through the engine: built first, tagged when both are there."""

import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from docker import DockerClient
from docker.errors import APIError, BuildError

from build.image.base.base import Report
from build.image.base.layer_cache import EPOCH
from build.image.base_images import BaseImagesError
from build.image.base_images.build_context import BuildContext
from build.oci.layer import write_layer
from model.errors import Problem

LAST_WORDS = 8  # lines of a build that failed


def make_images(
    client: DockerClient, python: str, build_contexts: Iterable[BuildContext], *, tag: str = "latest", report: Report
) -> dict[str, str]:
    """What the engine calls each image, by name. Raises BaseImagesError, and then no tag has changed."""
    made = {}
    for recipe in build_contexts:
        report(f"building {recipe.name}")
        made[recipe.name] = _build(client, python, recipe)
    for name, image in made.items():
        client.images.get(image).tag(f"kamado/{name}", tag)
    return made


def _build(client: DockerClient, python: str, recipe: BuildContext) -> str:
    with tempfile.TemporaryDirectory(prefix="kamado-context-") as scratch:
        context = write_layer(Path(scratch) / "context.tar.gz", recipe.files, mtime=EPOCH)
        with context.path.open("rb") as file:
            try:
                # The host's network: engines without a bridge have no other, and proxies on loopback are reached.
                image, _ = client.images.build(
                    fileobj=file,
                    custom_context=True,
                    encoding="gzip",
                    buildargs={"PYTHON": python, **recipe.arguments},
                    network_mode="host",
                    rm=True,
                    forcerm=True,
                )
            except BuildError as error:
                found = f"{error.msg}; it said: {' | '.join(_last_words(error.build_log))}"
                raise _refused(recipe, found) from error
            except APIError as error:
                raise _refused(recipe, str(error.explanation or error)) from error
    return str(image.id)


def _last_words(log: Iterable[dict[str, Any]]) -> list[str]:
    return list(_lines(log))[-LAST_WORDS:]


def _lines(log: Iterable[dict[str, Any]]) -> Iterator[str]:
    for part in log:
        yield from (line.strip() for line in str(part.get("stream", "")).splitlines() if line.strip())


def _refused(recipe: BuildContext, found: str) -> BaseImagesError:
    hint = "Fix what it names and run again; nothing was tagged"
    return BaseImagesError(Problem(f"image {recipe.name}", found, hint, "image-build"))
