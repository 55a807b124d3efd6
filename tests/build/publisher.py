"""Work in a process that can be killed: forked off one that has imported it all, so that it begins at once."""

import multiprocessing
import os
import sys
import tempfile
from collections.abc import Callable
from multiprocessing.connection import Connection
from multiprocessing.context import ForkServerProcess
from pathlib import Path

import build.image.build  # noqa: F401 - the verbs import these two when they are called
import pipelines.local.run  # noqa: F401
from build.oci.layout import Layout
from build.oci.publish import publish
from cli.main import main
from tests.build.oci.registry_stores import store_at
from tests.contracts.image_store import image

FORKS = multiprocessing.get_context("forkserver")
FORKS.set_forkserver_preload([__name__])


def into_registry(host: str, repository: str, folder: Path) -> None:
    publish(store_at(host, repository, folder), image(size=3_000_000), "toy-1")


def into_layout(folder: Path) -> None:
    publish(Layout(folder), image(size=1_000_000), "toy-1")


def by_verb(words: list[str], environment: dict[str, str], screen: Path | None = None) -> None:
    """`kamado` with these words and variables. `screen` gets what it prints; its errors go beside it, as .err."""
    os.environ |= environment
    tempfile.tempdir = environment.get("TMPDIR", tempfile.tempdir)  # Python has read the variable already
    out, err = (screen, screen.with_suffix(".err")) if screen else (Path(os.devnull), Path(os.devnull))
    with out.open("w") as sys.stdout, err.open("w") as sys.stderr:
        sys.exit(main(words, os.environ))


def started(work: Callable[..., None], *arguments: object) -> ForkServerProcess:
    """A process that does the work, which begins now."""
    receiver, sender = FORKS.Pipe(duplex=False)
    with receiver, sender:
        child = FORKS.Process(target=_work, args=(sender, work, arguments))
        child.start()
        sender.close()  # so that a child that ends at once is an error here, and nobody waits
        receiver.recv()
    return child


def _work(sender: Connection, work: Callable[..., None], arguments: tuple[object, ...]) -> None:
    sender.send("ready")
    work(*arguments)
