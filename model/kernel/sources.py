"""The C sources of the kernel, and the name that a library compiled of them has. Standard library only."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

FOLDER = Path(__file__).parent
ENDINGS = (".c", ".h")
KEY_LENGTH = 12


@dataclass(frozen=True)
class KernelSources:
    """File name -> its bytes."""

    files: Mapping[str, bytes]

    @property
    def sha256(self) -> str:
        """Hex digest over the names and bytes of all files, in the order of their names."""
        digest = hashlib.sha256()
        for name, data in sorted(self.files.items()):
            digest.update(f"{name}\0{len(data)}\0".encode() + data)
        return digest.hexdigest()

    def library_name(self, ending: str) -> str:
        """`kernel-<12 hex digits>` with `ending`, which is ".so", or ".dylib" on macOS."""
        return f"kernel-{self.sha256[:KEY_LENGTH]}{ending}"


def kernel_sources(folder: Path = FOLDER) -> KernelSources:
    """The sources in `folder`, read now."""
    paths = sorted(path for path in folder.iterdir() if path.suffix in ENDINGS)
    return KernelSources({path.name: path.read_bytes() for path in paths})
