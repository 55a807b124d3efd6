"""The kernel's library as a file of an image, compiled by the machine that makes the image: no image has a compiler."""

from pathlib import Path

from build.image.base.base import ReportMessage
from build.image.base.source_layer import HOME
from build.image.base.wheels import CannotMake
from build.kernel import CannotCompile
from build.kernel.cached_kernel import cached_kernel
from build.kernel.target import Target
from build.oci.layer import TarEntry
from model.kernel.sources import kernel_sources


def kernel_entry(cache: Path, machine: str, *, report: ReportMessage) -> TarEntry:
    """Beside its sources, for the processor `machine`, "amd64" or "arm64"; `cache` is the folder of all caches.

    Raises CannotMake, and OSError when the cache cannot be written.
    """
    sources, target = kernel_sources(), Target("linux", machine)
    try:
        library = cached_kernel(sources, target, cache / "kernel", report=report)
    except CannotCompile as reason:
        raise CannotMake(f"the kernel cannot be compiled: {reason}") from reason
    return TarEntry(f"{HOME}/model/kernel/{sources.library_name(target.ending)}", 0o644, data=library)
