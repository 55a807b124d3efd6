"""A base built here: Debian's Python, locked libraries, their bytecode, the kernel, our own code; a layer each."""

import platform
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from build.image.base import source_layer, wheels
from build.image.base.apt import DebianPackage, refuse_without_apt
from build.image.base.base import VERSION, XGBOOST, Base, ReportMessage, architecture, empty_config
from build.image.base.bytecode import bytecode, bytecode_key, compiled
from build.image.base.debian import SERVER, release, resolved
from build.image.base.kernel_layer import kernel_entry
from build.image.base.layer_cache import CREATED, cached_layer, key_of, locked
from build.image.base.server_root import server_root
from build.oci.image import Image
from build.oci.layer import Layer, TarEntry
from model.bundle import predictor
from model.files import JSON
from model.version import version

ENVIRONMENT = [
    "PATH=/usr/local/bin:/usr/bin:/bin",
    "LANG=C.UTF-8",
    "OMP_NUM_THREADS=1",
    "OPENBLAS_NUM_THREADS=1",
    "PYTHONDONTWRITEBYTECODE=1",
    "PYTHONUNBUFFERED=1",
]


@dataclass(frozen=True)
class LayerPlan:
    """A layer of the base: its name in the history, its key in the cache, and how it is made over the layers below
    it, with an empty folder to work in."""

    name: str
    key: str
    make: Callable[[Sequence[Layer], Path], Iterable[TarEntry]]


def build_base(cache: Path, *, report: ReportMessage) -> Base:
    """Same packages, locks and code, same digest. `cache` is the folder of all caches.

    Raises CannotMake where this machine cannot, and OSError when the cache cannot be written.
    """
    refuse_without_apt()
    kernel = kernel_entry(cache, architecture(), report=report)
    folder = cache / "base"
    with locked(folder):
        plans = _plans(resolved(folder, SERVER), kernel)
        layers: list[Layer] = []
        for number, plan in enumerate(plans, 1):
            report(f"base {number} of {len(plans)}: {plan.name}")
            layers.append(cached_layer(folder / "layers", plan.key, partial(plan.make, layers)))
    return _base(layers, [plan.name for plan in plans])


def _plans(packages: tuple[DebianPackage, ...], kernel: TarEntry) -> list[LayerPlan]:
    python, glibc, machine = _python(packages), _glibc(packages), platform.machine()
    versions = "\n".join(f"{package.name} {package.version}" for package in packages)
    lock = wheels.libraries_key(python=python, glibc=glibc, machine=machine)
    code = source_layer.code()
    debian, libraries = key_of("debian", release(), versions), key_of("libraries", lock)
    return [
        LayerPlan(
            f"Debian's Python {python[0]}.{python[1]}, {len(packages)} packages",
            debian,
            lambda _, scratch: server_root(scratch, packages),
        ),
        LayerPlan(
            "the server's locked libraries",
            libraries,
            lambda _, scratch: wheels.libraries(scratch, python=python, glibc=glibc, machine=machine),
        ),
        LayerPlan("bytecode of what a server imports", key_of("bytecode", debian, libraries, bytecode_key()), bytecode),
        LayerPlan("the kernel that scores", key_of("kernel", source_layer.code_key([kernel])), lambda *_: [kernel]),
        LayerPlan(
            "model/ and serving/",
            key_of("code", debian, source_layer.code_key(code)),
            lambda layers, scratch: compiled(code, layers[:1], scratch),
        ),
    ]


def server_labels() -> dict[str, JSON]:
    """What is in the server: a kernel that scores the boosters of this XGBoost, and this version of our code."""
    return {XGBOOST: predictor.XGBOOST, VERSION: version()}


def _base(layers: Sequence[Layer], names: Sequence[str]) -> Base:
    config = empty_config().updated(
        {
            "config": {"Env": [*ENVIRONMENT], "Labels": server_labels(), "User": "65532"},
            "created": CREATED,
            "history": [{"created": CREATED, "created_by": f"kamado: {name}"} for name in names],
            "rootfs": {"type": "layers", "diff_ids": [layer.diff_id for layer in layers]},
        }
    )
    blobs = tuple(layer.blob() for layer in layers)
    return Base("debian", names[0], Image(config.data, blobs).digest, config, blobs)


def _python(packages: Sequence[DebianPackage]) -> tuple[int, int]:
    matches = (re.fullmatch(r"python(\d)\.(\d+)-minimal", package.name) for package in packages)
    match = next(filter(None, matches))
    return int(match[1]), int(match[2])


def _glibc(packages: Sequence[DebianPackage]) -> int:
    """The minor version of the C library, which decides what wheels can be used."""
    version = next(package.version for package in packages if package.name == "libc6")
    return int(version.split("-")[0].split(".")[1])
