"""The kernel compiled for arm64 gives the bits that it gives on this machine."""

import subprocess
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from build.kernel.compiler import compile_sources
from build.kernel.target import Target
from build.kernel.zig import flags_for
from model.arithmetic import exp, log1p
from model.kernel.kernel import Kernel
from tests.build.kernel.harness import EDGES, Case, case_of, harness_sources, packed
from tests.bundles import valid_design, write_bundle, write_odd_names_bundle
from tests.services.qemu import qemu_arm64

ARM64 = Target("linux", "arm64")


@pytest.fixture(scope="module")
def cases(valid_bundle, tmp_path_factory) -> list[Case]:
    """Shallow trees in blocks of rows and row by row, deep trees, every calibration and kind of linear term."""
    folder, random = tmp_path_factory.mktemp("models"), np.random.default_rng(3)
    deep = replace(valid_design(7), parameters={"max_depth": 11, "min_child_weight": 0})
    return [
        case_of(valid_bundle, 300, random),
        case_of(valid_bundle, 3, random),
        case_of(write_odd_names_bundle(folder / "names"), 300, random),
        case_of(write_bundle(folder / "deep", deep), 100, random),
    ]


@pytest.fixture(scope="module")
def numbers() -> np.ndarray:
    random = np.random.default_rng(5)
    any_bits = random.integers(0, 1 << 64, 20_000, dtype=np.uint64).view(np.float64)
    return np.concatenate([EDGES, np.linspace(-750, 720, 20_000), random.normal(0, 1e-3, 20_000), any_bits])


@pytest.fixture(scope="module")
def harness(zig_program, tmp_path_factory) -> Path:
    """The kernel with a main of its own, for arm64, without a C library."""
    folder = tmp_path_factory.mktemp("arm64")
    flags = [flag for flag in flags_for(ARM64) if flag not in ("-shared", "-fPIC", "-s")]
    command = [str(zig_program), "cc", *flags, "-static", "-fno-builtin"]
    caches = dict.fromkeys(("ZIG_GLOBAL_CACHE_DIR", "ZIG_LOCAL_CACHE_DIR", "HOME"), str(folder))
    compile_sources(command, harness_sources(), folder / "harness", folder / "sources", caches)
    return folder / "harness"


@pytest.mark.case("the kernel on another processor")
def test_it_gives_the_bits_of_this_machine(harness, cases, numbers, host_library, outcome):
    kernels = [Kernel(host_library, case.flat) for case in cases]
    done = subprocess.run(
        [qemu_arm64(), harness], input=packed(cases, numbers), capture_output=True, check=False, timeout=300
    )
    assert done.returncode == 0, done.stderr.decode()
    expected = b"".join(case.answer(kernel) for case, kernel in zip(cases, kernels, strict=True))
    answered, arithmetic = done.stdout[: len(expected)], np.frombuffer(done.stdout[len(expected) :])
    assert answered == expected
    with np.errstate(all="ignore"):
        own = np.concatenate([exp(numbers), log1p(numbers)])
    assert len(own) == len(arithmetic)
    differing = (own.view(np.uint64) != arithmetic.view(np.uint64)) & ~(np.isnan(own) & np.isnan(arithmetic))
    assert not differing.any(), numbers[differing.nonzero()[0] % len(numbers)][:10]
    outcome(f"{sum(len(case.rows) for case in cases)} rows twice and {len(numbers)} numbers: no bit differs")
