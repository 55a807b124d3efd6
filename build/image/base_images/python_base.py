"""The Python that the images start from: a requested one, else a public one, else one of Debian's packages."""

from pathlib import Path

from docker import DockerClient
from docker.errors import APIError, ImageNotFound, NotFound

from build.image.base.base import ReportMessage
from build.image.base.wheels import CannotMake
from build.image.base_images import BaseImagesError
from build.image.base_images.debian_python import debian_python
from model.digest import BY_DIGEST
from model.errors import Problem

# 3.11.16-slim-bookworm of Docker's official images, for every processor. A digest, so that it changes on purpose only.
PUBLIC = "python@sha256:a36c24f9cbdf4fd0f52d67f0823eeac19c2028c637cecc392d97f980d4fec56b"
DEBIAN = "debian"


def python_image(client: DockerClient, requested: str | None, *, cache: Path, report: ReportMessage) -> str:
    """The digest by which the engine knows it.

    `requested` is a reference by digest, DEBIAN for Debian's and no other, or None for the public one with Debian's
    where it cannot be pulled. Raises BaseImagesError when the requested one is missing.
    """
    if requested == DEBIAN:
        return _debian(client, cache, report)
    if requested is not None:
        return _pinned(client, requested, report)
    try:
        _pull(client, PUBLIC)
    except APIError as error:
        report(f"python base: {PUBLIC} cannot be pulled ({error.explanation or error}), Debian's is used")
        return _debian(client, cache, report)
    report(f"python base: {PUBLIC}, public")
    return PUBLIC


def _pinned(client: DockerClient, image: str, report: ReportMessage) -> str:
    if not BY_DIGEST.fullmatch(image):
        raise _refused(image, "is a name that may mean another image tomorrow", "Name it by digest: IMAGE@sha256:…")
    try:
        _pull(client, image)
    except APIError as error:
        problem = f"cannot be pulled ({error.explanation or error})"
        raise _refused(image, problem, "Check the name and `docker login`, or give no PYTHON_IMAGE") from error
    report(f"python base: {image}, as requested")
    return image


def _pull(client: DockerClient, image: str) -> None:
    try:
        client.images.get(image)
    except ImageNotFound:
        client.images.pull(image)


def _debian(client: DockerClient, cache: Path, report: ReportMessage) -> str:
    try:
        layer = debian_python(cache / "base", report=report)
    except CannotMake as reason:
        raise _refused("of Debian", f"cannot be made here: {reason}", "Give PYTHON_IMAGE") from reason
    except OSError as error:
        problem = f"cannot be made: cache {cache} cannot be written ({error.strerror or error})"
        raise _refused("of Debian", problem, "Free some space, or set KAMADO_CACHE to another folder") from error
    repository, tag = "kamado/python", layer.diff_id.removeprefix("sha256:")[:12]
    try:
        image = client.images.get(f"{repository}:{tag}")
    except NotFound:
        client.api.import_image_from_file(str(layer.path), repository=repository, tag=tag)
        image = client.images.get(f"{repository}:{tag}")
    report(f"python base: Debian's packages, {image.id}")
    return str(image.id)


def _refused(image: str, problem: str, hint: str) -> BaseImagesError:
    return BaseImagesError(Problem(f"python base {image}", problem, hint, "python-missing"))
