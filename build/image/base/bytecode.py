"""Bytecode: what a server imports, compiled by the base's own Python and not again by each start."""

import shutil
import subprocess
from collections.abc import Iterator, Sequence
from pathlib import Path

from build.image.base.base import empty_config
from build.image.base.dir_entries import entries
from build.image.base.source_layer import HOME
from build.image.base.wheels import FOLDER, CannotMake
from build.image.smoke_test.rootfs import unpack
from build.image.smoke_test.start import start_of
from build.oci.layer import Layer, TarEntry
from model.files import JSON

IMPORTS = FOLDER / "server" / "imports.txt"
SCRIPT = FOLDER / "imported_files.py"
ENVIRONMENT = ["PATH=/usr/local/bin:/usr/bin:/bin", "LANG=C.UTF-8", "OMP_NUM_THREADS=1", "PYTHONHASHSEED=0"]


def bytecode(layers: Sequence[Layer], scratch: Path) -> Iterator[TarEntry]:
    """The compiled modules over `layers`, Python and its libraries. Raises CannotMake.

    Whether one is current is not looked at when it is imported: all files of a layer have one time. They are compiled
    in a process that has imported none of them, because what is written depends on what else is in memory.
    """
    (root := scratch.resolve() / "root").mkdir()
    unpack([layer.blob() for layer in layers], root)
    imported = scratch / "imported"
    imported.write_bytes(_run(root, str(SCRIPT), str(IMPORTS)))
    compiled = ("-m", "compileall", "-q", "--invalidation-mode", "unchecked-hash", "-i", str(imported))
    _run(root, *compiled, "-s", str(root), "-p", "/")  # their names in the image, which tracebacks show
    return entries(root, "", needed=lambda name: name.endswith(".pyc"))


def compiled(files: Sequence[TarEntry], layers: Sequence[Layer], scratch: Path) -> Iterator[TarEntry]:
    """The files, which are our own code, and what is compiled of them by the Python of `layers`. Raises CannotMake.

    A source that a layer above replaces is compiled anew: the hash in its bytecode is compared when it is imported.
    """
    (root := scratch.resolve() / "root").mkdir()
    unpack([layer.blob() for layer in layers], root)
    for file in files:
        path = root / file.name
        path.parent.mkdir(parents=True, exist_ok=True)
        assert isinstance(file.data, Path)
        shutil.copyfile(file.data, path)
    options = ("-q", "--invalidation-mode", "checked-hash", "-s", str(root), "-p", "/")
    _run(root, "-m", "compileall", *options, str(root / HOME))
    yield from files
    yield from entries(root / HOME, HOME, needed=lambda name: name.endswith(".pyc"))


def bytecode_key() -> str:
    """What decides which modules these are, beside the layers below."""
    return IMPORTS.read_text("utf-8") + SCRIPT.read_text("utf-8")


def _run(root: Path, *arguments: str) -> bytes:
    """What the Python of the base prints."""
    run: dict[str, JSON] = {"Cmd": ["python3", "-B", *arguments], "Env": [*ENVIRONMENT], "WorkingDir": "/"}
    start = start_of(root, empty_config().updated({"config": run}).data)
    done = subprocess.run(start.command, env=start.environment, cwd=start.folder, capture_output=True, check=False)
    if done.returncode != 0:
        last = (done.stderr.decode(errors="replace").strip().splitlines() or ["no reason given"])[-1]
        raise CannotMake(f"the Python of the base could not compile its libraries ({last:.300})")
    return done.stdout
