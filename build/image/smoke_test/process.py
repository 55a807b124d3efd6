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
from pathlib import Path

from build.image.smoke_test import SmokeTestError
from build.image.smoke_test.http_client import HttpResponse, send
from build.image.smoke_test.rootfs import unpack
from build.image.smoke_test.start import Start, start_of
from build.image.smoke_test.test_cases import HINT, Case
from build.oci.image import Image
from build.oci.tempdir import scratch
from model.errors import Problem

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


def answers(image: Image, cases: Sequence[Case], *, seconds: float) -> list[HttpResponse]:
    """An answer to every case. Raises SmokeTestError when the server does not come up, or dies."""
    with scratch() as folder:
        root, log = folder / "root", folder / "log"
        root.mkdir()
        unpack(image.layers, root)
        with _serving(start_of(root, image.config), log, seconds) as port:
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
