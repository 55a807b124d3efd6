"""The kinds of machines that a library is for."""

import platform
from dataclasses import dataclass

from build.kernel import CannotCompile

MACHINES = {"x86_64": "amd64", "amd64": "amd64", "aarch64": "arm64", "arm64": "arm64"}
TRIPLES = {
    ("linux", "amd64"): "x86_64-linux-gnu.2.17",
    ("linux", "arm64"): "aarch64-linux-gnu.2.17",
    ("darwin", "amd64"): "x86_64-macos.11.0",
    ("darwin", "arm64"): "aarch64-macos.11.0",
}


@dataclass(frozen=True)
class Target:
    """A system, "linux" or "darwin", on a processor, by the name that images have for it: "amd64" or "arm64"."""

    system: str
    machine: str

    @property
    def triple(self) -> str:
        """What a compiler calls it."""
        return TRIPLES[self.system, self.machine]

    @property
    def ending(self) -> str:
        """Of the file name of a library."""
        return ".dylib" if self.system == "darwin" else ".so"


IMAGES = (Target("linux", "amd64"), Target("linux", "arm64"))  # what a server may run on


def this_machine() -> Target:
    """Raises CannotCompile for a machine that no kernel is made for."""
    system, processor = platform.system().lower(), platform.machine().lower()
    target = Target(system, MACHINES.get(processor, processor))
    if (target.system, target.machine) not in TRIPLES:
        raise CannotCompile(f"there is none for {platform.system()} on {platform.machine()}")
    return target
