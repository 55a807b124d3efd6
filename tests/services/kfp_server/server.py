"""The server in a `with` block."""

import contextlib
import socket
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import uvicorn

from tests.services.kfp_server.api import Kubeflow, application


@dataclass(frozen=True)
class Server:
    host: str
    kubeflow: Kubeflow


@contextlib.contextmanager
def kfp_server(folder: Path, artifacts=None, **settings) -> Iterator[Server]:
    """At `host`. Runs are killed at the end. `artifacts` stores what steps write: (key, path) -> URI."""
    kubeflow = Kubeflow(folder, artifacts or (lambda _, path: path.as_uri()), **settings)
    with socket.socket() as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(("127.0.0.1", 0))
        listener.listen()  # what connects before the server is ready waits
        config = uvicorn.Config(application(kubeflow), log_level="error", timeout_graceful_shutdown=1)
        server = uvicorn.Server(config)
        thread = threading.Thread(target=server.run, args=([listener],))
        thread.start()
        try:
            yield Server(f"http://127.0.0.1:{listener.getsockname()[1]}", kubeflow)
        finally:
            for run in kubeflow.runs:
                run.kill()
            server.should_exit = True
            thread.join()
