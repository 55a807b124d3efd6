"""The Python that the images start from: the one asked for, else a public one, else one made of Debian packages."""

import re
from dataclasses import dataclass
from pathlib import Path

from docker import DockerClient
from docker.errors import APIError, ImageNotFound, NotFound

from build.image.base.base import Report
from build.image.base_images import BaseImagesError
from build.image.base_images.debootstrap import debian_tarball
from model.errors import Problem

# 3.11.16-slim-bookworm of Docker's official images, for every processor. A digest, so that it changes on purpose only.
PUBLIC = "python@sha256:a36c24f9cbdf4fd0f52d67f0823eeac19c2028c637cecc392d97f980d4fec56b"
RELEASE = "bookworm"  # of Debian, whose Python is 3.11 too
PINNED = re.compile(r".+@sha256:[0-9a-f]{64}")


@dataclass(frozen=True)
class PythonBase:
    """`image` is a reference by digest, or "debian" for Debian's and no other; None takes the best that can be had."""

    image: str | None = None
    release: str = RELEASE


def python_image(client: DockerClient, choice: PythonBase, *, cache: Path, report: Report) -> str:
    """The digest that the engine knows it by. Raises BaseImagesError when what was asked for is missing."""
    if choice.image == "debian":
        return _debian(client, choice.release, cache, report)
    if choice.image is not None:
        return _asked(client, choice.image, report)
    try:
        _pull(client, PUBLIC)
    except APIError as error:
        report(f"python base: {PUBLIC} cannot be had here ({error.explanation or error}), Debian's is taken")
        return _debian(client, choice.release, cache, report)
    report(f"python base: {PUBLIC}, public")
    return PUBLIC


def _asked(client: DockerClient, image: str, report: Report) -> str:
    if not PINNED.fullmatch(image):
        raise _refused(image, "is a name that may mean another image tomorrow", "Name it by digest: IMAGE@sha256:…")
    try:
        _pull(client, image)
    except APIError as error:
        told = f"cannot be had ({error.explanation or error})"
        raise _refused(image, told, "Check the name and `docker login`, or give no PYTHON_IMAGE") from error
    report(f"python base: {image}, as asked for")
    return image


def _pull(client: DockerClient, image: str) -> None:
    try:
        client.images.get(image)
    except ImageNotFound:
        client.images.pull(image)


def _debian(client: DockerClient, release: str, cache: Path, report: Report) -> str:
    path = debian_tarball(cache, release, report=report)
    repository, tag = "kamado/python", path.name.removesuffix(".tar.gz")
    try:
        image = client.images.get(f"{repository}:{tag}")
    except NotFound:
        client.api.import_image_from_file(str(path), repository=repository, tag=tag)
        image = client.images.get(f"{repository}:{tag}")
    report(f"python base: Debian {release} made with debootstrap, {image.id}")
    return str(image.id)


def _refused(image: str, found: str, hint: str) -> BaseImagesError:
    return BaseImagesError(Problem(f"python base {image}", found, hint, "python-missing"))
