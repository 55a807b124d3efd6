"""The image of the steps in the container engine of this machine: looked up, and never pulled, before a run starts."""

import contextlib
import os
import socket
from collections.abc import Iterator
from dataclasses import dataclass

import docker
import docker.errors
from docker.models.images import Image
from requests.exceptions import RequestException

from model.errors import KamadoError, Problem

BUILT_HERE = "kamado/component:latest"  # by `make component-image` and `make base-images`
SOCKET = "unix:///var/run/docker.sock"


class ContainerRunError(KamadoError):
    """No container engine answers, or it does not have the image of the steps."""

    heading = "the steps cannot run in containers"


@dataclass(frozen=True)
class StepsImage:
    """`reference` is what the pipeline names, by digest; `engine_id` is what the engine starts."""

    reference: str
    engine_id: str
    commit: str  # of the code in it; empty where it is not known

    def __str__(self) -> str:
        return f"{self.reference}, of commit {self.commit}" if self.commit else self.reference

    @classmethod
    def look_up(cls, name: str) -> "StepsImage":
        """The image `name`, or the one that was built here where it is empty. Raises ContainerRunError."""
        with engine() as client:
            try:
                image = _image(client, name)
            except docker.errors.ImageNotFound:
                raise ContainerRunError(_missing(name)) from None
            except (docker.errors.DockerException, RequestException) as error:
                raise ContainerRunError(engine_failed(error)) from error
        variables = dict(line.partition("=")[::2] for line in image.attrs["Config"].get("Env") or ())
        # An image that no registry has is known by the engine alone, by the digest of its config.
        return cls(name or f"{BUILT_HERE.partition(':')[0]}@{image.id}", image.id, variables.get("KAMADO_COMMIT", ""))


@contextlib.contextmanager
def engine() -> Iterator[docker.DockerClient]:
    """A client of the engine that DOCKER_HOST names, or of this machine's. Raises ContainerRunError if none answers."""
    missing = Problem(
        "container engine",
        "does not answer",
        "Start one, name it by DOCKER_HOST, or run without RUNNER",
        "engine-missing",
    )
    address = os.environ.get("DOCKER_HOST", SOCKET)
    if address.startswith("unix://") and not _listens(address.removeprefix("unix://")):
        raise ContainerRunError(missing)
    try:
        client = docker.from_env()
    except (docker.errors.DockerException, RequestException) as error:
        raise ContainerRunError(missing) from error
    with contextlib.closing(client):
        yield client


def _image(client: docker.DockerClient, name: str) -> Image:
    """By its name in a registry, else by the engine's own id, which is all that an image has that was never pushed."""
    try:
        return client.images.get(name or BUILT_HERE)
    except docker.errors.ImageNotFound:
        return client.images.get(name.rpartition("@")[2] or BUILT_HERE)


def engine_failed(error: Exception) -> Problem:
    return Problem("container engine", f"fails ({error})", "Fix it, or run without RUNNER", "engine-failed")


def _listens(path: str) -> bool:
    """Tried first because the client leaves a socket open when nothing listens."""
    with socket.socket(socket.AF_UNIX) as probe:
        return probe.connect_ex(path) == 0


def _missing(name: str) -> Problem:
    if name:
        return Problem(
            f"STEPS_IMAGE={name}", "is not in the container engine", f"docker pull {name}", "steps-image-missing"
        )
    hint = "Build it: make base-images, or make component-image TO=registry://HOST/REPOSITORY"
    return Problem(f"image {BUILT_HERE}", "is not in the container engine", hint, "steps-image-missing")
