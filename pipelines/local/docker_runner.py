"""KFP's DockerRunner for the steps of a run, with the one function of it replaced that loses exit codes.

KFP 2.17 starts containers that remove themselves, and takes one that is gone before its exit code was read for a
success: of many short ones that fail, some are reported as done (bench/docker_failures.py counts them). Here one is
removed once its exit code is known. tests/pipelines/test_docker_runner.py pins the version of KFP that was read.
"""

import os
import threading
from collections.abc import Mapping, Sequence
from typing import Any

from docker import DockerClient
from docker.errors import DockerException
from docker.types import Mount
from kfp import local
from kfp.local import docker_task_handler
from requests.exceptions import RequestException

from pipelines.local.containers import LABEL, Containers
from pipelines.local.steps_image import ContainerRunError, engine_failed

Volumes = Mapping[str, Mapping[str, str]]  # host path -> {"bind": path in the container, "mode": "rw"}
KFP = "2.17.0"  # whose docker_task_handler.run_docker_container is replaced
STARTS = threading.Lock()  # held while a container is created; who keeps it lets none be created any more


def run_container(client: DockerClient, image: str, command: Sequence[str], volumes: Volumes, **settings: Any) -> int:
    """Run a step to its end and print what it prints; returns its exit code. The image is never pulled.

    Raises ContainerRunError when the engine fails.
    """
    try:
        with STARTS:
            container = client.containers.create(image, command, volumes=volumes, **settings)
        try:
            container.start()
            for line in container.logs(stream=True, follow=True):
                print(line.decode(errors="replace"), end="")
            return int(container.wait()["StatusCode"])
        finally:
            container.remove(force=True)
    except (DockerException, RequestException) as error:
        raise ContainerRunError(engine_failed(error)) from error


def end_containers(containers: Containers) -> None:
    """Those that run, and let no other be started."""
    STARTS.acquire()
    containers.remove_all()


def docker_runner(containers: Containers, events: str) -> local.DockerRunner:
    """The runner that starts every step like this; `events` is the file to which the steps report."""

    def run(client: DockerClient, image: str, command: Sequence[str], volumes: Volumes, **settings: Any) -> int:
        return run_container(client, containers.images[image], command, volumes, **settings)

    docker_task_handler.run_docker_container = run  # KFP looks it up when it starts a step
    mounts = [
        *(Mount(path, path, "bind", read_only=True) for path in containers.read_only),
        *(Mount(path, path, "bind") for path in containers.writable),
    ]
    return local.DockerRunner(
        labels={LABEL: containers.run},
        user=containers.user,
        network_mode=containers.network,
        read_only=True,
        tmpfs={"/tmp": ""},  # for what does not ask TMPDIR
        cap_drop=["ALL"],
        security_opt=["no-new-privileges"],
        mounts=mounts,
        environment={
            "KAMADO_EVENTS": events,
            "KAMADO_RUN": os.environ["KAMADO_RUN"],
            **containers.environment_from(os.environ),
        },
    )
