"""The server that a model is laid on."""

import platform
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from build import oci

Report = Callable[[str], None]
MACHINES = {"x86_64": "amd64", "amd64": "amd64", "aarch64": "arm64", "arm64": "arm64"}
NONE = "none, the image holds the model alone and cannot start by itself"


@dataclass(frozen=True)
class Base:
    """Layers under the model's, and the config to build on. `digest` is its identity, `name` how it was asked for."""

    kind: Literal["registry", "oci", "debian", "none"]
    name: str
    digest: str
    config: dict[str, Any]
    layers: tuple[oci.Blob, ...] = ()
    docker: bool = False


def architecture() -> str:
    """The Go name of this machine's processor, as images have it."""
    machine = platform.machine().lower()
    return MACHINES.get(machine, machine)


def empty_base() -> Base:
    """No server at all."""
    config = {"architecture": architecture(), "os": "linux", "rootfs": {"type": "layers", "diff_ids": []}}
    return Base("none", NONE, oci.digest_of(oci.dump(config)), config)


def server_base(reference: str | None, *, cache: Path, report: Report) -> Base:
    """The base that `reference` names; without one, the best that this machine can make."""
    return empty_base()
