"""Whether a library can be loaded on this machine, and is of its sources."""

import sys
from pathlib import Path

from build.kernel import CannotCompile
from build.kernel.compiler import run

CHECK = """
import ctypes, sys
sources = ctypes.CDLL(sys.argv[1]).kmd_sources
sources.restype = ctypes.c_char_p
print(sources().decode())
"""


def refuse_unloadable(library: Path, sha256: str) -> None:
    """In a process of its own, which a broken library may end. Raises CannotCompile."""
    loaded = run([sys.executable, "-c", CHECK, str(library)], "what was compiled cannot be loaded").strip()
    if loaded != sha256:
        raise CannotCompile(f"what was compiled is of sources {loaded:.12}, not {sha256:.12}")
