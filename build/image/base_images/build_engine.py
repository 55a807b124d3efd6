"""The container engine that builds, with what goes wrong in it as a refusal."""

import contextlib
from collections.abc import Iterator

from docker import DockerClient
from docker.errors import DockerException

from build.image.base_images import BaseImagesError
from build.image.smoke_test.container import engine
from model.errors import Problem


@contextlib.contextmanager
def build_engine() -> Iterator[DockerClient]:
    """A client of the engine that the environment names. Raises BaseImagesError when none answers or it fails."""
    client = engine()
    if client is None:
        hint = "Start one, or name it by DOCKER_HOST"
        raise BaseImagesError(Problem("container engine", "does not answer", hint, "engine-missing"))
    with contextlib.closing(client):
        try:
            yield client
        except DockerException as error:
            raise BaseImagesError(Problem("container engine", f"fails ({error})", "Fix it", "engine-failed")) from error
