"""The container itself, by the digest that was pushed: read-only, without privileges, with no network but loopback.

Questions go in by `exec` and are asked inside, because a container without a network cannot be reached from outside.
"""

import contextlib
import json
import os
import socket
import tarfile
import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from io import BytesIO
from pathlib import Path
from typing import Any, BinaryIO

import docker
import docker.errors
from docker.models.containers import Container
from docker.utils.socket import frames_iter
from requests.exceptions import ConnectionError as Unreachable
from requests.exceptions import ReadTimeout, RequestException

from build.image.smoke_test import SmokeTestError
from build.image.smoke_test import http_client as ask
from build.image.smoke_test.process import refused
from build.image.smoke_test.test_cases import Question
from build.oci.image import Image, digest_of, dump
from build.oci.store import PushedImage
from model.errors import Problem

USUAL = "unix:///var/run/docker.sock"
PORT = 8080
SECONDS = 600  # for one request to the engine: it may pull a base
MEMORY = "2g"
STDOUT = 1


def engine() -> docker.DockerClient | None:
    """The engine that the environment names, if it answers."""
    address = os.environ.get("DOCKER_HOST", USUAL)
    if address.startswith("unix://") and not _listens(address.removeprefix("unix://")):
        return None
    try:
        client = docker.from_env(timeout=SECONDS)
        client.ping()
    except (docker.errors.DockerException, Unreachable, ReadTimeout):
        return None
    return client


def _listens(path: str) -> bool:
    """Asked first because the client leaves a socket open when there is nobody."""
    with socket.socket(socket.AF_UNIX) as probe:
        try:
            probe.connect(path)
        except OSError:
            return False
    return True


def absent() -> SmokeTestError:
    """For those who asked for an engine by name."""
    hint = "Start one, name it by DOCKER_HOST, or seal without it: --seal process"
    return SmokeTestError(Problem("container engine", "does not answer", hint, "seal-engine"))


def answers(
    client: docker.DockerClient, staged: PushedImage, asked: list[Question], *, seconds: float
) -> list[dict[str, Any]]:
    """Status and body for every question. Raises SmokeTestError."""
    try:
        with _image(client, staged) as image, _container(client, image) as container:
            questions = [question.request for question in asked]
            return _asked(client, container, {"port": PORT, "seconds": seconds, "questions": questions})
    except (docker.errors.DockerException, RequestException, ConnectionError) as error:  # it may end in the middle
        hint = "Fix the engine, or seal without it: --seal process"
        raise SmokeTestError(Problem("container engine", f"fails ({error})", hint, "seal-engine")) from error


@contextlib.contextmanager
def _image(client: docker.DockerClient, staged: PushedImage) -> Iterator[str]:
    """The image in the engine, and gone again: pulled by digest, or given where no registry holds it."""
    if staged.pull is None:
        with tempfile.TemporaryFile() as archive:
            _save(staged.image, archive)
            archive.seek(0)
            held = _holds(client, digest_of(staged.image.config))
            found = client.images.load(archive)[0]
    else:
        login = dict(zip(("username", "password"), staged.login, strict=True)) if staged.login else None
        held = _holds(client, staged.pull)
        found = client.images.pull(staged.pull, auth_config=login)
    known = {digest_of(staged.image.config), staged.image.digest}  # which of them names it is the engine's choice
    if found.id not in known:
        hint = "Something between registry and engine changes images; pull from the registry itself"
        raise SmokeTestError(Problem("container engine", f"holds {found.id} for {sorted(known)}", hint, "seal-digest"))
    try:
        yield found.id
    finally:
        if not held:
            with contextlib.suppress(docker.errors.APIError):  # another builder may be using it
                client.images.remove(staged.pull or found.id)


def _holds(client: docker.DockerClient, image: str) -> bool:
    try:
        client.images.get(image)
    except docker.errors.ImageNotFound:
        return False
    return True


def _save(image: Image, archive: BinaryIO) -> None:
    """The form in which an engine takes an image without a registry ("docker load")."""
    config = f"{digest_of(image.config).removeprefix('sha256:')}.json"
    names = [f"{number:03}.tar.gz" for number in range(len(image.layers))]
    with tarfile.open(fileobj=archive, mode="w") as tar:
        for name, layer in zip(names, image.layers, strict=True):
            with layer.open() as source:
                _add(tar, name, layer.size, source)
        _add(tar, config, len(image.config), BytesIO(image.config))
        listed = dump([{"Config": config, "RepoTags": None, "Layers": names}])
        _add(tar, "manifest.json", len(listed), BytesIO(listed))


def _add(tar: tarfile.TarFile, name: str, size: int, source: BinaryIO) -> None:
    head = tarfile.TarInfo(name)
    head.size = size
    tar.addfile(head, source)


@contextlib.contextmanager
def _container(client: docker.DockerClient, image: str) -> Iterator[Container]:
    _remove_left(client)
    container = client.containers.create(
        image,
        read_only=True,
        network_mode="none",
        cap_drop=["ALL"],
        security_opt=["no-new-privileges"],
        mem_limit=MEMORY,
        labels={"kamado": "seal"},
    )
    try:
        container.start()
        yield container
    finally:
        container.remove(force=True)


def _remove_left(client: docker.DockerClient) -> None:
    """Containers of builders that were killed. No seal takes an hour."""
    for container in client.containers.list(all=True, filters={"label": "kamado=seal"}, ignore_removed=True):
        made = datetime.fromisoformat(container.attrs["Created"][:19] + "+00:00")
        if datetime.now(UTC) - made > timedelta(hours=1):
            with contextlib.suppress(docker.errors.APIError):  # another builder removes it too
                container.remove(force=True)


def _asked(client: docker.DockerClient, container: Container, asked: dict[str, Any]) -> list[dict[str, Any]]:
    """Run ask.py in the container."""
    script = Path(ask.__file__).read_text("utf-8")
    api = client.api
    try:
        number = api.exec_create(container.id, ["python3", "-c", script], stdin=True)["Id"]
        given = _talk(api.exec_start(number, socket=True), json.dumps(asked).encode())
        code = api.exec_inspect(number)["ExitCode"]
    except docker.errors.APIError as error:  # it has ended already
        raise refused(f"cannot be asked ({error.explanation})", container.logs()) from error
    if code != 0:
        container.reload()
        raise refused(f"does not answer, and is {container.status}", container.logs())
    try:
        answered: list[dict[str, Any]] = json.loads(given)
    except ValueError as error:
        raise refused(f"answers with something else than answers ({error})", container.logs()) from error
    return answered


def _talk(connection: Any, given: bytes) -> bytes:
    """Standard input in, standard output out."""
    raw = getattr(connection, "_sock", connection)
    with contextlib.closing(raw), contextlib.closing(connection):  # closing one alone leaves the other open
        raw.sendall(given)
        raw.shutdown(1)  # SHUT_WR: the end of standard input
        return b"".join(data for stream, data in frames_iter(connection, tty=False) if stream == STDOUT)
