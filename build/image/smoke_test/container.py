"""The container itself, by the digest that was pushed: read-only, without privileges, with no network but loopback.

Requests go in by `exec` and are sent inside, because a container without a network cannot be reached from outside.
"""

import contextlib
import json
import os
import socket
import tarfile
import tempfile
from collections.abc import Iterator, Sequence
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

from build.image.smoke_test import SmokeTestError, http_client
from build.image.smoke_test.http_client import HttpResponse
from build.image.smoke_test.process import failed
from build.image.smoke_test.test_cases import Case
from build.oci.image import Image, digest_of
from build.oci.json_documents import dump
from build.oci.store import PushedImage
from model.errors import Problem

SOCKET = "unix:///var/run/docker.sock"
PORT = 8080
SECONDS = 600  # for one request to the engine: it may pull a base
MEMORY = "2g"
STDOUT = 1
LABEL = {"kamado": "smoke-test"}


def engine() -> docker.DockerClient | None:
    """The engine that the environment names, if it answers."""
    address = os.environ.get("DOCKER_HOST", SOCKET)
    if address.startswith("unix://") and not _listens(address.removeprefix("unix://")):
        return None
    try:
        client = docker.from_env(timeout=SECONDS)
        client.ping()
    except (docker.errors.DockerException, Unreachable, ReadTimeout):
        return None
    return client


def _listens(path: str) -> bool:
    """Tried first because the client leaves a socket open when nothing listens."""
    with socket.socket(socket.AF_UNIX) as probe:
        try:
            probe.connect(path)
        except OSError:
            return False
    return True


def engine_missing() -> SmokeTestError:
    """For a test that was requested in an engine."""
    hint = "Start one, name it by DOCKER_HOST, or test without it: --smoke-test process"
    return SmokeTestError(Problem("container engine", "does not answer", hint, "smoke-test-engine"))


def answers(
    client: docker.DockerClient, staged: PushedImage, cases: Sequence[Case], *, seconds: float
) -> list[HttpResponse]:
    """An answer to every case. Raises SmokeTestError."""
    try:
        with _image(client, staged) as image, _container(client, image) as container:
            requests = [case.request for case in cases]
            return _send(client, container, json.dumps({"port": PORT, "seconds": seconds, "requests": requests}))
    except (docker.errors.DockerException, RequestException, ConnectionError) as error:  # it may end in the middle
        hint = "Fix the engine, or test without it: --smoke-test process"
        raise SmokeTestError(Problem("container engine", f"fails ({error})", hint, "smoke-test-engine")) from error


@contextlib.contextmanager
def _image(client: docker.DockerClient, staged: PushedImage) -> Iterator[str]:
    """The image in the engine while the test runs: pulled by digest, or loaded where no registry has it."""
    if staged.pull is None:
        with tempfile.TemporaryFile() as archive:
            _save(staged.image, archive)
            archive.seek(0)
            existed = _has(client, digest_of(staged.image.config))
            image = client.images.load(archive)[0]
    else:
        login = dict(zip(("username", "password"), staged.login, strict=True)) if staged.login else None
        existed = _has(client, staged.pull)
        image = client.images.pull(staged.pull, auth_config=login)
    known = {digest_of(staged.image.config), staged.image.digest}  # which of them names it is the engine's choice
    if image.id not in known:
        hint = "Something between registry and engine changes images; pull from the registry itself"
        problem = f"has {image.id} for {sorted(known)}"
        raise SmokeTestError(Problem("container engine", problem, hint, "smoke-test-digest"))
    try:
        yield image.id
    finally:
        if not existed:
            with contextlib.suppress(docker.errors.APIError):  # another builder may be using it
                client.images.remove(staged.pull or image.id)


def _has(client: docker.DockerClient, image: str) -> bool:
    try:
        client.images.get(image)
    except docker.errors.ImageNotFound:
        return False
    return True


def _save(image: Image, archive: BinaryIO) -> None:
    """Write the archive that an engine loads without a registry ("docker load")."""
    config = f"{digest_of(image.config).removeprefix('sha256:')}.json"
    names = [f"{number:03}.tar.gz" for number in range(len(image.layers))]
    with tarfile.open(fileobj=archive, mode="w") as tar:
        for name, layer in zip(names, image.layers, strict=True):
            with layer.open() as source:
                _add(tar, name, layer.size, source)
        _add(tar, config, len(image.config), BytesIO(image.config))
        manifest = dump([{"Config": config, "RepoTags": None, "Layers": names}])
        _add(tar, "manifest.json", len(manifest), BytesIO(manifest))


def _add(tar: tarfile.TarFile, name: str, size: int, source: BinaryIO) -> None:
    head = tarfile.TarInfo(name)
    head.size = size
    tar.addfile(head, source)


@contextlib.contextmanager
def _container(client: docker.DockerClient, image: str) -> Iterator[Container]:
    _remove_abandoned(client)
    container = client.containers.create(
        image,
        read_only=True,
        network_mode="none",
        cap_drop=["ALL"],
        security_opt=["no-new-privileges"],
        mem_limit=MEMORY,
        labels=LABEL,
    )
    try:
        container.start()
        yield container
    finally:
        container.remove(force=True)


def _remove_abandoned(client: docker.DockerClient) -> None:
    """Containers of builders that were killed. No smoke test takes an hour."""
    label = "=".join(*LABEL.items())
    for container in client.containers.list(all=True, filters={"label": label}, ignore_removed=True):
        created = datetime.fromisoformat(container.attrs["Created"][:19] + "+00:00")
        if datetime.now(UTC) - created > timedelta(hours=1):
            with contextlib.suppress(docker.errors.APIError):  # another builder removes it too
                container.remove(force=True)


def _send(client: docker.DockerClient, container: Container, document: str) -> list[HttpResponse]:
    """Run http_client.py in the container with this document on its standard input."""
    script = Path(http_client.__file__).read_text("utf-8")
    api = client.api
    try:
        number = api.exec_create(container.id, ["python3", "-c", script], stdin=True)["Id"]
        output = _talk(api.exec_start(number, socket=True), document.encode())
        code = api.exec_inspect(number)["ExitCode"]
    except docker.errors.APIError as error:  # it has ended already
        raise failed(f"cannot be asked ({error.explanation})", container.logs()) from error
    if code != 0:
        container.reload()
        raise failed(f"does not answer, and is {container.status}", container.logs())
    try:
        return [HttpResponse(answer["status"], answer["body"]) for answer in json.loads(output)]
    except (ValueError, LookupError, TypeError) as error:
        raise failed(f"wrote something else than answers ({error})", container.logs()) from error


def _talk(connection: Any, data: bytes) -> bytes:
    """Standard input in, standard output out."""
    raw = getattr(connection, "_sock", connection)
    with contextlib.closing(raw), contextlib.closing(connection):  # closing one alone leaves the other open
        raw.sendall(data)
        raw.shutdown(1)  # SHUT_WR: the end of standard input
        return b"".join(frame for stream, frame in frames_iter(connection, tty=False) if stream == STDOUT)
