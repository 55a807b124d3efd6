"""The kernel's library for the machine that a container engine builds images for."""

from pathlib import Path

from docker import DockerClient

from build.image.base.base import ReportMessage
from build.image.base.kernel_layer import kernel_entry
from build.image.base.wheels import CannotMake
from build.image.base_images import BaseImagesError
from build.kernel.target import MACHINES
from build.oci.layer import TarEntry
from model.errors import Problem


def engine_kernel(client: DockerClient, *, cache: Path, report: ReportMessage) -> TarEntry:
    """As a file of the context of a build. Raises BaseImagesError."""
    machine = str(client.info()["Architecture"])
    try:
        return kernel_entry(cache, MACHINES.get(machine, machine), report=report)
    except CannotMake as reason:
        hint = "Check that pip reaches its package index, and run again"
        raise BaseImagesError(Problem(f"images for {machine}", str(reason), hint, "image-kernel")) from reason
    except OSError as error:
        problem = f"cannot be written ({error.strerror or error})"
        hint = "Free some space, or set KAMADO_CACHE to another folder"
        raise BaseImagesError(Problem(f"cache {cache}", problem, hint, "image-kernel")) from error
