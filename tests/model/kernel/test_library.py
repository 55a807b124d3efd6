"""Only a library of these sources is loaded, and without one there is a reason."""

import shutil
import subprocess

import pytest

from model.kernel.library import KernelLibrary, NoKernel, find_library, load_library
from model.kernel.sources import kernel_sources

OTHER = 'const char *kmd_sources(void) { return "' + "0" * 64 + '"; }\n'


def test_the_library_that_is_found_is_of_these_sources(library):
    assert kernel_sources().sha256[:12] in library.path.name
    assert find_library() is library, "it is looked for once"
    again = load_library(library.path)
    assert isinstance(again, KernelLibrary)


def test_a_file_that_is_not_a_library_is_a_reason(tmp_path):
    path = tmp_path / "kernel.so"
    path.write_bytes(b"not a library")
    missing = load_library(path)
    assert isinstance(missing, NoKernel)
    assert missing.reason.startswith(f"{path} cannot be loaded (")
    assert isinstance(load_library(tmp_path / "absent.so"), NoKernel)


@pytest.mark.skipif(shutil.which("cc") is None, reason="this machine has no compiler of its own (cc)")
@pytest.mark.parametrize(
    ("source", "reason"),
    [(OTHER, "was compiled from other sources"), ("int other;\n", "cannot be loaded (")],
)
def test_a_library_of_other_sources_is_a_reason(tmp_path, source, reason):
    (tmp_path / "other.c").write_text(source)
    path = tmp_path / "kernel.so"
    subprocess.run(["cc", "-shared", "-fPIC", "-o", path, tmp_path / "other.c"], check=True)
    missing = load_library(path)
    assert isinstance(missing, NoKernel)
    assert reason in missing.reason
