"""The server as it is started by people: a process of its own, reached over HTTP."""

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

ROOT = Path(__file__).resolve().parents[2]
COMMAND = [sys.executable, "-m", "serving.server"]


@dataclass(frozen=True)
class Running:
    """`line` is what it printed when it was ready."""

    process: subprocess.Popen
    line: str

    @property
    def url(self) -> str:
        return self.line.split()[0]

    @property
    def address(self) -> tuple[str, int]:
        parts = urlsplit(self.url)
        return parts.hostname, parts.port

    def stop(self) -> int:
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(30)


def environment(**settings: str) -> dict[str, str]:
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("KAMADO_")}
    return {**inherited, "KAMADO_PORT": "0", "OMP_NUM_THREADS": "1", **settings}


def until(happened: Callable[[], bool]) -> None:
    """Wait for another process; give up after half a minute."""
    for _ in range(600):
        if happened():
            return
        time.sleep(0.05)
    raise AssertionError(f"{happened.__name__} never came true")


@contextlib.contextmanager
def running(bundle: Path, **settings: str) -> Iterator[Running]:
    with subprocess.Popen(
        COMMAND, cwd=ROOT, env=environment(KAMADO_BUNDLE=str(bundle), **settings), stdout=subprocess.PIPE, text=True
    ) as process:
        try:
            line = process.stdout.readline()
            assert line, f"the server did not start, exit code {process.wait()}"
            yield Running(process, line)
        finally:
            process.kill()


def refused(*arguments: str, **settings: str) -> subprocess.CompletedProcess:
    """A start that ends by itself."""
    return subprocess.run(
        [*COMMAND, *arguments], cwd=ROOT, env=environment(**settings), capture_output=True, text=True, timeout=60
    )
