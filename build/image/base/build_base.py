"""A base made on this machine: Debian's Python, the locked libraries, our own code; a layer each."""

import fcntl
import platform
import re
from collections.abc import Sequence
from pathlib import Path

from build.image.base import debian
from build.image.base import source_layer as code
from build.image.base import wheels as libraries
from build.image.base.base import XGBOOST, Base, Report, empty_config
from build.image.base.debian import Package
from build.image.base.layer_cache import CREATED, Make, kept_layer, key_of
from build.oci.image import Image, dump
from build.oci.layer import Layer

ENVIRONMENT = [
    "PATH=/usr/local/bin:/usr/bin:/bin",
    "LANG=C.UTF-8",
    "OMP_NUM_THREADS=1",
    "OPENBLAS_NUM_THREADS=1",
    "PYTHONDONTWRITEBYTECODE=1",
    "PYTHONUNBUFFERED=1",
]


def made_base(cache: Path, *, report: Report) -> Base:
    """Same packages, lock and code, same digest. Raises CannotMake, and OSError when the cache cannot be written."""
    debian.refuse_impossible()
    cache.mkdir(parents=True, exist_ok=True)
    with (cache / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # of two builders one works, the other finds what it made
        return _made(cache, report)


def _made(cache: Path, report: Report) -> Base:
    packages = debian.resolved(cache)
    python, glibc = _python(packages), _glibc(packages)
    machine = platform.machine()
    ours = code.code()
    told = "\n".join(f"{package.name} {package.version}" for package in packages)
    wheels = libraries.libraries_key(python=python, glibc=glibc, machine=machine)
    parts: tuple[tuple[str, str, Make], ...] = (
        (
            f"Debian's Python {python[0]}.{python[1]}, {len(packages)} packages",
            key_of("debian", debian.release(), told),
            lambda scratch: debian.root_file_system(scratch, packages),
        ),
        (
            "the server's locked libraries",
            key_of("libraries", wheels),
            lambda scratch: libraries.libraries(scratch, python=python, glibc=glibc, machine=machine),
        ),
        ("model/ and serving/", key_of("code", code.code_key(ours)), lambda _: ours),
    )
    layers = []
    for number, (name, key, make) in enumerate(parts, 1):
        report(f"base {number} of {len(parts)}: {name}")
        layers.append(kept_layer(cache / "layers", key, make))
    return _base(layers, [name for name, _, _ in parts])


def _base(layers: Sequence[Layer], names: Sequence[str]) -> Base:
    config = empty_config() | {
        "config": {"Env": ENVIRONMENT, "Labels": {XGBOOST: libraries.locked("xgboost-cpu")}, "User": "65532"},
        "created": CREATED,
        "history": [{"created": CREATED, "created_by": f"kamado: {name}"} for name in names],
        "rootfs": {"type": "layers", "diff_ids": [layer.diff_id for layer in layers]},
    }
    blobs = tuple(layer.blob() for layer in layers)
    return Base("debian", names[0], Image(dump(config), blobs).digest, config, blobs)


def _python(packages: Sequence[Package]) -> tuple[int, int]:
    found = next(match for one in packages if (match := re.fullmatch(r"python(\d)\.(\d+)-minimal", one.name)))
    return int(found[1]), int(found[2])


def _glibc(packages: Sequence[Package]) -> int:
    """The minor version of the C library, which says what wheels may ask for."""
    version = next(one.version for one in packages if one.name == "libc6")
    return int(version.split("-")[0].split(".")[1])
