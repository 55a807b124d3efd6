"""A real container engine for tests: the one that answers already, else Debian's dockerd with folders of its own.

Without a bridge and without rules in the firewall: containers have the host's network or none (`network_mode`).
A registry on loopback needs no TLS.
"""

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import docker
import pytest
import requests

SOCKET = "unix:///var/run/docker.sock"
NEEDS = "needs a container engine: apt-get install docker.io, as root"
FLAGS = ("--iptables=false", "--ip6tables=false", "--bridge=none", "--ip-forward=false", "--ip-masq=false")
SECONDS_TO_START = 60
SECONDS_TO_STOP = 30
DISK = "40G"  # of which only what is written takes room


@contextlib.contextmanager
def engine(folder: Path) -> Iterator[str]:
    """The address of an engine. One that is started here keeps its images in `folder`, which is empty afterwards."""
    for address in (os.environ.get("DOCKER_HOST"), SOCKET):
        if address and answers(address):
            yield address
            return
    program = shutil.which("dockerd")
    if program is None or os.geteuid() != 0:
        pytest.skip(NEEDS)
    # The path of a socket may be no longer than 107 bytes, and containerd's lies below that of the engine.
    short = Path(tempfile.mkdtemp(prefix="engine-", dir="/tmp"))
    data, address = folder / "engine", f"unix://{short}/sock"
    command = [program, *FLAGS, "--data-root", data, "--exec-root", short / "exec", "-H", address]
    disk = folder / "engine.disk"
    try:
        _mount(disk, data)
        with (folder / "engine.log").open("wb") as log:
            server = subprocess.Popen([*command, "--pidfile", short / "pid"], stdout=log, stderr=log)
        try:
            _wait(address, server, folder / "engine.log")
            yield address
        finally:
            _stop(server, short / "exec" / "containerd" / "containerd.pid")
    finally:
        for leftover in (short, data):
            _unmount(leftover)
            shutil.rmtree(leftover, ignore_errors=True)
        disk.unlink(missing_ok=True)


def answers(address: str) -> bool:
    """The socket is tried first: the client leaves one open when nobody listens."""
    if address.startswith("unix://"):
        with socket.socket(socket.AF_UNIX) as probe:
            if probe.connect_ex(address.removeprefix("unix://")) != 0:
                return False
    try:
        with contextlib.closing(docker.DockerClient(base_url=address, timeout=60)) as client:
            return bool(client.ping())
    except (docker.errors.DockerException, requests.ConnectionError):
        return False


def _wait(address: str, server: subprocess.Popen[bytes], log: Path) -> None:
    end = time.monotonic() + SECONDS_TO_START
    while server.poll() is None and time.monotonic() < end:
        if answers(address):
            return
        time.sleep(0.1)
    last = (log.read_text(errors="replace").strip().splitlines() or ["its log is empty"])[-1]
    pytest.skip(f"{NEEDS}; dockerd does not start here: {last}")


def _stop(server: subprocess.Popen[bytes], containerd: Path) -> None:
    """The engine, and its containerd, which an engine that had to be killed leaves behind."""
    try:
        started = int(containerd.read_text())
    except (OSError, ValueError):
        started = None
    server.terminate()
    try:
        server.wait(SECONDS_TO_STOP)
    except subprocess.TimeoutExpired:
        server.kill()
        server.wait()
    if started is not None and _is_containerd(started):
        with contextlib.suppress(ProcessLookupError):
            os.kill(started, signal.SIGTERM)
        end = time.monotonic() + SECONDS_TO_STOP
        while _is_containerd(started) and time.monotonic() < end:
            time.sleep(0.1)


def _is_containerd(process: int) -> bool:
    """Its number may belong to another process by now."""
    try:
        return Path(f"/proc/{process}/comm").read_text().strip() == "containerd"
    except OSError:
        return False


def _mount(disk: Path, folder: Path) -> None:
    """Give `folder` a file system of its own, where this machine can: it is gone at once, where the hundreds of
    thousands of files of unpacked images take most of a minute. In memory it is one in memory, else one in a file."""
    folder.mkdir()
    if _is_in_memory(folder) and _runs("mount", "-t", "tmpfs", "-o", f"size={DISK}", "tmpfs", folder):
        return
    make = ["mkfs.ext4", "-q", "-F", "-O", "^has_journal", "-E", "lazy_itable_init=1,nodiscard", disk]
    for command in (["truncate", f"--size={DISK}", disk], make, ["mount", "-o", "loop,noatime", disk, folder]):
        if not _runs(*command):
            return


def _is_in_memory(folder: Path) -> bool:
    kind = subprocess.run(["stat", "--file-system", "--format=%T", folder], capture_output=True, text=True, check=False)
    return kind.stdout.strip() == "tmpfs"


def _runs(program: str, *arguments: str | Path) -> bool:
    """Whether there is such a program, and it succeeds."""
    if shutil.which(program) is None:
        return False
    return subprocess.run([program, *arguments], capture_output=True, check=False).returncode == 0


def _unmount(folder: Path) -> None:
    """What the engine had mounted below `folder`, the innermost first."""
    mounted = [line.split()[4] for line in Path("/proc/self/mountinfo").read_text().splitlines()]
    for path in sorted((path for path in mounted if Path(path).is_relative_to(folder)), reverse=True):
        subprocess.run(["umount", "--lazy", path], check=False, capture_output=True)
