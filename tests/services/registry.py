"""A real registry for tests: CNCF Distribution, as Debian packages it, on loopback."""

from model import interrupt

if __name__ == "__main__":
    interrupt.exit_at_once()

import contextlib
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

CONFIG = """
version: 0.1
log: {{level: error}}
storage: {{filesystem: {{rootdirectory: {folder}/content}}, delete: {{enabled: true}}}}
http: {{addr: 127.0.0.1:{port}}}
"""
SECONDS_TO_START = 30


@contextlib.contextmanager
def registry(folder: Path, *, port: int = 0) -> Iterator[str]:
    """`127.0.0.1:PORT` of a registry that keeps its content in `folder`. Skips, with the reason, without one.

    Raises RuntimeError where something else listens already, which would be taken for it.
    """
    program = shutil.which("docker-registry")
    if program is None:
        pytest.skip("needs a registry to read from: apt-get install docker-registry")
    with socket.socket() as free:
        free.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            free.bind(("127.0.0.1", port))
        except OSError:
            problem = f"port {port} of 127.0.0.1 is in use. If it is by a registry, use that; else name another port"
            raise RuntimeError(f"{problem}: make registry REGISTRY_PORT={port + 1}") from None
        port = free.getsockname()[1]
    (folder / "config.yml").write_text(CONFIG.format(folder=folder, port=port))
    with (folder / "log").open("wb") as log:
        server = subprocess.Popen([program, "serve", folder / "config.yml"], stdout=log, stderr=log)
    try:
        _wait(f"http://127.0.0.1:{port}/v2/", server, folder / "log")
        yield f"127.0.0.1:{port}"
    finally:
        server.terminate()
        server.wait(10)


def main(port: int) -> None:
    """Run one for a person, with its content in ~/.cache/kamado/registry."""
    folder = Path.home() / ".cache" / "kamado" / "registry"
    folder.mkdir(parents=True, exist_ok=True)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    try:
        interrupt.raise_from_now_on()
        with registry(folder, port=port) as host, contextlib.suppress(KeyboardInterrupt):
            print(f"a registry answers at {host}: TO=registry://{host}/kamado. Its content is in {folder}", flush=True)
            signal.pause()
    except KeyboardInterrupt:
        raise SystemExit(interrupt.INTERRUPTED) from None
    except (pytest.skip.Exception, RuntimeError) as reason:
        raise SystemExit(f"no registry can run here: {reason}") from None


def _wait(url: str, server: subprocess.Popen[bytes], log: Path) -> None:
    for _ in range(SECONDS_TO_START * 20):
        if server.poll() is not None:
            break
        with contextlib.suppress(requests.ConnectionError):
            requests.get(url, timeout=5)
            return
        time.sleep(0.05)
    raise RuntimeError(f"the registry did not start: {log.read_text()}")


if __name__ == "__main__":
    if not sys.argv[1].isdecimal() or not 0 < int(sys.argv[1]) < 65536:
        raise SystemExit(f"REGISTRY_PORT={sys.argv[1]}: is no port. Name one from 1 to 65535, for example 5000")
    main(int(sys.argv[1]))
