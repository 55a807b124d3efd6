"""The server of the assembled layers in a child process: its own Python, libraries and code, no container engine.

For a pod that may start no container. It runs the image's files with the image's own loader. It does not test the
container around them: user, read-only root and network.
"""

import contextlib
import http.client
import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from build.image.smoke_test import SmokeTestError
from build.image.smoke_test.http_client import HttpResponse, send
from build.image.smoke_test.rootfs import inside, unpack
from build.image.smoke_test.test_cases import HINT, Case
from build.oci.image import Image
from build.oci.tempdir import scratch
from model.errors import Problem

LOADERS = ("lib64/ld-linux-x86-64.so.2", "lib/ld-linux-aarch64.so.1")
LIBRARIES = ("usr/local/lib", "lib/{triplet}", "usr/lib/{triplet}", "lib64", "lib", "usr/lib")
TRIPLETS = {"amd64": "x86_64-linux-gnu", "arm64": "aarch64-linux-gnu"}
PATHS = ("PYTHONPATH", "PYTHONHOME", "KAMADO_BUNDLE")  # variables that name folders of the image
ANNOUNCED = re.compile(rb"http://127\.0\.0\.1:(\d+)")
# A server does not outlive the builder that asked for it, not even one that was killed (prctl(2), PR_SET_PDEATHSIG).
BOUND = """
import ctypes, json, os, signal, sys
parent, environment, *command = sys.argv[1:]
ctypes.CDLL(None).prctl(1, signal.SIGKILL)
if os.getppid() != int(parent):
    sys.exit(1)
os.execve(command[0], command, json.loads(environment))
"""


@dataclass(frozen=True)
class Start:
    """How the server of an unpacked image is started from outside of it."""

    command: list[str]
    environment: dict[str, str]
    folder: Path


def answers(image: Image, cases: Sequence[Case], *, seconds: float) -> list[HttpResponse]:
    """An answer to every case. Raises SmokeTestError when the server does not come up, or dies."""
    with scratch() as folder:
        root, log = folder / "root", folder / "log"
        root.mkdir()
        unpack(image.layers, root)
        with _serving(_start_of(root, image), log, seconds) as port:
            try:
                return send(port, [case.request for case in cases], seconds=seconds)
            except (OSError, http.client.HTTPException) as error:
                raise failed(f"broke off ({error})", log.read_bytes()) from error


def failed(problem: str, log: bytes) -> SmokeTestError:
    """Why there are no answers, with the end of the server's log."""
    lines = [line for line in log.decode(errors="replace").splitlines() if line.strip()][-5:]
    full = f"{problem}; its log ends with: {' / '.join(lines)}" if lines else f"{problem}, and its log is empty"
    return SmokeTestError(Problem("the server of the image", full, HINT, "smoke-test-start"))


@contextlib.contextmanager
def _serving(start: Start, log: Path, seconds: float) -> Iterator[int]:
    bound = [sys.executable, "-I", "-c", BOUND, str(os.getpid()), json.dumps(start.environment), *start.command]
    with log.open("wb") as output:
        server = subprocess.Popen(bound, cwd=start.folder, stdin=subprocess.DEVNULL, stdout=output, stderr=output)
        try:
            yield _port(server, log, seconds)
        finally:
            server.terminate()
            try:
                server.wait(10)
            except subprocess.TimeoutExpired:
                server.kill()
                server.wait()


def _port(server: subprocess.Popen[bytes], log: Path, seconds: float) -> int:
    """Where it listens, as it announces once its golden rows came out right."""
    waited = 0.0
    while waited < seconds:
        if match := ANNOUNCED.search(log.read_bytes()):
            return int(match[1])
        with contextlib.suppress(subprocess.TimeoutExpired):
            server.wait(0.05)
            raise failed(f"ended with {server.returncode} before it listened", log.read_bytes())
        waited += 0.05
    raise failed(f"did not listen within {seconds:g} s", log.read_bytes())


def _start_of(root: Path, image: Image) -> Start:
    """What the image's config starts, with paths below `root`. Raises SmokeTestError without a Python in it."""
    config = json.loads(image.config)
    run = config["config"]
    environment = dict(pair.partition("=")[::2] for pair in run.get("Env") or [])
    folder = _folder_of(root, run["Cmd"][0], environment.get("PATH", "/usr/local/bin:/usr/bin:/bin"))
    python = inside(root, f"{folder}/{run['Cmd'][0]}")
    loader = next((path for name in LOADERS if (path := inside(root, name))), None)
    if python is None or loader is None:
        problem = f"has no {run['Cmd'][0]} that can be started"
        raise SmokeTestError(Problem("the image", problem, "Build on a server base: BASE_IMAGE=", "smoke-test-start"))
    for name in PATHS:
        if name in environment:
            environment[name] = ":".join(f"{root}{path}" for path in environment[name].split(":") if path)
    environment.setdefault("PYTHONHOME", str(python.parent.parent))
    if packages := _venv_packages(root, folder):
        environment["PYTHONPATH"] = ":".join(filter(None, (environment.get("PYTHONPATH"), str(packages))))
    environment |= {"KAMADO_HOST": "127.0.0.1", "KAMADO_PORT": "0"}
    triplet = TRIPLETS.get(config["architecture"], "")
    libraries = ":".join(str(root / name.format(triplet=triplet)) for name in LIBRARIES)
    command = [str(loader), "--library-path", libraries, str(python), *run["Cmd"][1:]]
    return Start(command, environment, root / run["WorkingDir"].lstrip("/"))


def _folder_of(root: Path, name: str, path: str) -> str:
    """The folder of the image in which this name is found; empty for a name that begins with one, or is in none."""
    folders = [] if name.startswith("/") else path.split(":")
    return next((folder for folder in folders if inside(root, f"{folder}/{name}")), "")


def _venv_packages(root: Path, folder: str) -> Path | None:
    """Where the venv whose programs are in `folder` has its packages; its Python is a link and would not find them."""
    venv = str(PurePosixPath(folder).parent)
    libraries = inside(root, f"{venv}/lib") if folder and inside(root, f"{venv}/pyvenv.cfg") else None
    return next(iter(sorted(libraries.glob("python3*/site-packages"))), None) if libraries else None
