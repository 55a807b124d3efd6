"""A process of CNCF Distribution, as Debian packages it, on loopback."""

import contextlib
import http.client
import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import ClassVar

from model.errors import KamadoError, Problem

CONFIG = """
version: 0.1
log: {{level: error}}
storage: {{filesystem: {{rootdirectory: {folder}/content}}, delete: {{enabled: true}}}}
http: {{addr: 127.0.0.1:{port}}}
"""
SECONDS_TO_START = 30
# It has a few megabytes alive, and would spend half of its time collecting garbage (Go's own variable).
COLLECT_LESS = {"GOGC": "400"}


class LocalRegistryError(KamadoError):
    heading: ClassVar[str] = "no registry can run here"


@contextlib.contextmanager
def local_registry(folder: Path, *, port: int = 0) -> Iterator[str]:
    """`127.0.0.1:PORT` of a registry that keeps its content in `folder`; port 0 is any free one.

    Raises LocalRegistryError without the program, when it does not start, and where something else listens already,
    which would be taken for it.
    """
    program = shutil.which("docker-registry")
    if program is None:
        hint = "Install it: apt-get install docker-registry"
        raise LocalRegistryError(Problem("docker-registry", "is not on PATH", hint, "registry-missing"))
    port = _free_port(port)
    (folder / "config.yml").write_text(CONFIG.format(folder=folder, port=port))
    with (folder / "log").open("wb") as log:
        server = subprocess.Popen(
            [program, "serve", folder / "config.yml"], env=COLLECT_LESS | os.environ, stdout=log, stderr=log
        )
    try:
        _wait(port, server, folder / "log")
        yield f"127.0.0.1:{port}"
    finally:
        server.terminate()
        server.wait(10)


def _free_port(port: int) -> int:
    with socket.socket() as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind(("127.0.0.1", port))
        except OSError:
            hint = f"If it is a registry, use it; else name another port: make registry REGISTRY_PORT={port + 1}"
            problem = Problem(f"127.0.0.1:{port}", "is in use: something listens there already", hint, "port-in-use")
            raise LocalRegistryError(problem) from None
        return int(listener.getsockname()[1])


def _wait(port: int, server: subprocess.Popen[bytes], log: Path) -> None:
    """Until it answers."""
    for _ in range(SECONDS_TO_START * 20):
        if server.poll() is not None:
            break
        with (
            contextlib.suppress(ConnectionError),
            contextlib.closing(http.client.HTTPConnection("127.0.0.1", port, timeout=5)) as connection,
        ):
            connection.request("GET", "/v2/")
            connection.getresponse()
            return
        time.sleep(0.05)
    hint = "Read its log above"
    raise LocalRegistryError(Problem("docker-registry", f"did not start: {log.read_text()}", hint, "registry-failed"))
