"""How a program of an unpacked image is started from outside of it: its own Python and libraries, by its own loader."""

import json
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from build.image.smoke_test import SmokeTestError
from build.image.smoke_test.rootfs import inside
from model.errors import Problem

LOADERS = ("lib64/ld-linux-x86-64.so.2", "lib/ld-linux-aarch64.so.1")
LIBRARIES = ("usr/local/lib", "lib/{triplet}", "usr/lib/{triplet}", "lib64", "lib", "usr/lib")
TRIPLETS = {"amd64": "x86_64-linux-gnu", "arm64": "aarch64-linux-gnu"}
PATHS = ("PYTHONPATH", "PYTHONHOME", "KAMADO_BUNDLE")  # variables that name folders of the image


@dataclass(frozen=True)
class Start:
    """Command, environment and folder of the process."""

    command: list[str]
    environment: dict[str, str]
    folder: Path


def start_of(root: Path, config: bytes) -> Start:
    """What the config of an image starts, with paths below `root`. Raises SmokeTestError without a Python in it."""
    document = json.loads(config)
    run = document["config"]
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
    triplet = TRIPLETS.get(document["architecture"], "")
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
