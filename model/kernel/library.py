"""The compiled library: which sources it must come from, where it is looked for, and how it is loaded.

A library of other sources is never loaded: its file is named after the digest of the sources and it states the digest
itself.
"""

import ctypes
import functools
import sys
from dataclasses import dataclass
from pathlib import Path

from model.kernel.sources import FOLDER, kernel_sources

ENDING = ".dylib" if sys.platform == "darwin" else ".so"


@dataclass(frozen=True)
class KernelLibrary:
    """A loaded library and its file."""

    path: Path
    functions: ctypes.CDLL


@dataclass(frozen=True)
class NoKernel:
    """Why there is none that can be used here."""

    reason: str


@functools.cache
def find_library() -> KernelLibrary | NoKernel:
    """The library beside this file, as images have it, or that of the environment, as `make` builds it."""
    name = kernel_sources().library_name(ENDING)
    candidates = [FOLDER / name, Path(sys.prefix) / "lib" / "kamado" / name]
    reasons = []
    for path in candidates:
        if path.is_file():
            library = load_library(path)
            if isinstance(library, KernelLibrary):
                return library
            reasons.append(library.reason)
    return NoKernel("; ".join(reasons) or f"there is no {name} in {FOLDER} or {candidates[1].parent}")


def load_library(path: Path) -> KernelLibrary | NoKernel:
    """The library in this file, when this machine can load it and it comes from these sources."""
    try:
        functions = ctypes.CDLL(str(path))
        functions.kmd_sources.restype = ctypes.c_char_p
        sources = functions.kmd_sources()
    except (OSError, AttributeError) as error:
        return NoKernel(f"{path} cannot be loaded ({error})")
    if sources != kernel_sources().sha256.encode():
        return NoKernel(f"{path} was compiled from other sources")
    _declare(functions)
    return KernelLibrary(path, functions)


def _declare(functions: ctypes.CDLL) -> None:
    pointer, count = ctypes.c_void_p, ctypes.c_int64
    functions.kmd_check.argtypes, functions.kmd_check.restype = (pointer,), ctypes.c_int32
    functions.kmd_scratch.argtypes, functions.kmd_scratch.restype = (pointer,), count
    matrix = (pointer, pointer, count, pointer, pointer, pointer)
    functions.kmd_score_matrix.argtypes, functions.kmd_score_matrix.restype = matrix, None
    values = (pointer, pointer, count, pointer, pointer, pointer, pointer)
    functions.kmd_score_values.argtypes, functions.kmd_score_values.restype = values, count
    functions.kmd_contributions_scratch.argtypes = (pointer,)
    functions.kmd_contributions_scratch.restype = count
    contributions = (pointer, pointer, pointer, pointer, ctypes.c_uint32, pointer, pointer)
    functions.kmd_contributions.argtypes, functions.kmd_contributions.restype = contributions, None
    functions.kmd_expected.argtypes, functions.kmd_expected.restype = (pointer,), ctypes.c_double
    for function in (functions.kmd_exp_of, functions.kmd_log1p_of):
        function.argtypes, function.restype = (pointer, count, pointer), None
