"""A server base: the layers under the model's."""

import platform
from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar, Literal

from build.kernel.target import MACHINES
from build.oci.image import Blob
from build.oci.image_config import ImageConfig
from model.errors import KamadoError

ReportMessage = Callable[[str], None]
XGBOOST = "kamado.server.xgboost"  # label of a base: the XGBoost whose boosters it scores, to the last bit
VERSION = "kamado.server.version"  # label of a base: the version of the server's code


class BaseError(KamadoError):
    """The named base cannot be read, or is not a base for this model."""

    heading: ClassVar[str] = "the server base was refused"


class BaseUnavailableError(BaseError):
    """The store of the base does not answer, or the cache cannot be written. Both may work later."""

    final = False


@dataclass(frozen=True)
class Base:
    """Layers under the model's, and the config to build on. `digest` is its identity, `name` is for people."""

    kind: Literal["registry", "oci", "debian", "none"]
    name: str
    digest: str
    config: ImageConfig
    layers: tuple[Blob, ...] = ()
    docker: bool = False

    @property
    def labels(self) -> dict[str, str]:
        return self.config.labels


def architecture() -> str:
    """The name that images have for this machine's processor."""
    machine = platform.machine().lower()
    return MACHINES.get(machine, machine)


def empty_config() -> ImageConfig:
    return ImageConfig({"architecture": architecture(), "os": "linux", "rootfs": {"type": "layers", "diff_ids": []}})
