"""A server as a process of its own, from its start to its end."""

import contextlib
import os
import signal
import socket
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from bench.serving.connection import Address, ProtocolError, exchange
from bench.serving.cores import Cores
from bench.serving.process_tree import ProcessTree

ROOT = Path(__file__).resolve().parents[2]
START_SECONDS, STOP_SECONDS = 90, 15


@dataclass(frozen=True)
class Running:
    """`ready_cpu` are the processor seconds until its first answer; `ready_resident` its bytes of memory then."""

    address: Address
    tree: ProcessTree
    ready_cpu: float
    ready_resident: int


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
    return port


@contextlib.contextmanager
def running(
    command: Sequence[str], port: int, first: bytes, *, cores: Cores, log: Path, variables: Mapping[str, str]
) -> Iterator[Running]:
    """The server, once it has answered the request `first` with 200. Raises RuntimeError when it never does."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(("KAMADO_", "PYTHON"))}
    environ = {**inherited, "OMP_NUM_THREADS": "1", **variables}
    with log.open("wb") as output, cores.of_server():
        process = subprocess.Popen(
            command, cwd=ROOT, env=environ, stdout=output, stderr=subprocess.STDOUT, process_group=0
        )
    try:
        yield _ready(process, ("127.0.0.1", port), first, log)
    finally:
        _stop(process)


def _ready(process: subprocess.Popen[bytes], address: Address, first: bytes, log: Path) -> Running:
    tree, deadline = ProcessTree(process.pid), time.monotonic() + START_SECONDS
    problem: object = "nothing listens"
    while time.monotonic() < deadline and process.poll() is None:
        try:
            answer = exchange(address, first)
        except (OSError, ProtocolError) as error:
            problem = error
        else:
            if answer.status == 200:
                return Running(address, tree, tree.cpu_seconds(), tree.resident_bytes())
            problem = answer
        time.sleep(0.02)
    raise RuntimeError(f"{process.args!r} does not answer ({problem}):\n{log.read_text(errors='replace')[-3000:]}")


def _stop(process: subprocess.Popen[bytes]) -> None:
    """It and what it started, which are a group of their own."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGTERM)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(STOP_SECONDS)
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()
