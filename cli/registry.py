"""A registry on this machine, to try publishing with."""

import signal
from pathlib import Path

import click

from cli.outcome import Done
from cli.types import WholeNumber
from cli.verb import Call, Verb


@click.command("registry", cls=Verb, takes_json=False)
@click.option(
    "--port", type=WholeNumber(1, 65_535, example=5000), default=5000, show_default=True, help="Port on 127.0.0.1."
)
def registry(call: Call, port: int) -> Done:
    """Run an image registry on 127.0.0.1 until Ctrl-C.

    It needs docker-registry on PATH, and keeps its content in ~/.cache/kamado/registry.
    """
    from cli.local_registry import local_registry

    folder = Path.home() / ".cache" / "kamado" / "registry"
    folder.mkdir(parents=True, exist_ok=True)
    try:
        with local_registry(folder, port=port) as host:
            call.report(f"a registry answers at {host}: --to registry://{host}/kamado. Its content is in {folder}")
            signal.pause()
    except KeyboardInterrupt:  # this is how it is stopped
        pass
    return Done()
