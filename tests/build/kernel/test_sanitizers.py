"""Hostile models: the kernel refuses them, or scores without reading or writing outside of any array.

AddressSanitizer watches every array, each a block of exactly its length, and UBSan every conversion and shift. All
variants go through one process, which a single fault ends.
"""

import os
import shutil
import struct
import subprocess
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from build.kernel import CannotCompile
from build.kernel.compiler import FLAGS, compile_sources
from model.kernel.kernel import Kernel
from model.kernel.layout import FlatModel
from model.kernel.structures import Model
from tests.build.kernel.harness import CASES_START, EDGES, Case, case_of, harness_sources, packed
from tests.bundles import valid_design, write_bundle, write_odd_names_bundle

SANITIZERS = ("-fsanitize=address,undefined", "-fsanitize=float-cast-overflow", "-fno-sanitize-recover=all")
VARIANTS = 1500  # of each model
MOST_WORDS = 1 << 12  # a model may ask for much memory, which is not a fault
OF_NODES = ("node", "value", "split_feature", "cover")  # the model states one length for these
# Indices beside what there is, signs, powers of two, bits of NaN and infinities.
HOSTILE = np.array(
    [
        *(0, 1, 2, 3, 7, 8, 9, 31, 63, 64, 65, 127, 255, 256, 1 << 24, 1 << 31, (1 << 31) - 1, (1 << 32) - 1),
        *(0x7F800000, 0xFF800000, 0x7FC00000, 0x7FF00000, 0x7FF80000),
    ],
    dtype=np.uint32,
)


@pytest.fixture(scope="module")
def sanitized(tmp_path_factory) -> Path:
    """The harness with the sanitizers, by a compiler of this machine."""
    compiler = next(filter(None, map(shutil.which, ("gcc", "clang"))), None)
    if compiler is None:
        pytest.skip("needs a compiler with AddressSanitizer: apt-get install gcc")
    folder = tmp_path_factory.mktemp("sanitized")
    flags = [flag for flag in FLAGS if flag not in ("-O3", "-ffreestanding", "-fPIC", "-shared")]
    try:
        command = [compiler, *flags, "-O1", "-g", "-Wall", "-Wextra", "-Werror", *SANITIZERS]
        compile_sources(command, harness_sources(), folder / "harness", folder / "sources", {})
    except CannotCompile as reason:
        if "asan" not in str(reason):
            raise
        pytest.skip(f"needs the libraries of the sanitizers ({reason}): apt-get install libasan8 libubsan1")
    return folder / "harness"


@pytest.fixture(scope="module")
def cases(valid_bundle, tmp_path_factory) -> list[Case]:
    folder, random = tmp_path_factory.mktemp("models"), np.random.default_rng(3)
    deep = replace(valid_design(7), parameters={"max_depth": 10, "min_child_weight": 0})
    return [
        case_of(valid_bundle, 24, random),
        case_of(write_odd_names_bundle(folder / "names"), 24, random),
        case_of(write_bundle(folder / "deep", deep), 24, random),
    ]


def damaged(case: Case, random: np.random.Generator) -> Case:
    """One to three places of the model changed, with rows as wide as the model then is."""
    flat = case.flat
    for _ in range(random.integers(1, 4)):
        flat = _damaged(flat, random)
    count, features = len(case.rows), len(flat.arrays["feature"])
    return Case(flat, np.resize(case.rows, (count, features)), np.resize(case.values, (count, flat.inputs)))


def _damaged(flat: FlatModel, random: np.random.Generator) -> FlatModel:
    if random.random() < 0.1:
        name = random.choice(["inputs", "words", "calibration"])
        near = getattr(flat, name) + int(random.integers(-2, 3))
        return replace(flat, **{name: max(0, int(random.choice([near, random.integers(0, MOST_WORDS)])))})
    name = str(random.choice(list(flat.arrays)))
    array = flat.arrays[name].copy()
    kind = random.random()
    if kind < 0.15:
        array = array[: random.integers(0, len(array) + 1)]
    elif kind < 0.3:
        array = np.concatenate([array, array[: random.integers(0, 4)]])
    elif len(array) and kind < 0.4:
        first, second = random.integers(0, len(array), 2)
        array[[first, second]] = array[[second, first]]
    elif len(array):
        words = array.view(np.uint32)
        at = random.integers(0, len(words))
        near = words[at] + np.uint32(random.integers(-3, 4) % (1 << 32))
        words[at] = random.choice([near, random.choice(HOSTILE), random.integers(0, 1 << 32, dtype=np.uint32)])
    arrays = {**flat.arrays, name: array}
    if name in OF_NODES and len(array) != len(flat.arrays[name]):
        arrays |= {other: np.resize(arrays[other], len(array)) for other in OF_NODES}
    return replace(flat, arrays=arrays)


@pytest.mark.filterwarnings("ignore:overflow encountered in scalar add")  # of indices beside 0 and 2^32
def test_no_damaged_model_makes_the_kernel_leave_its_arrays(sanitized, cases, host_library, outcome):
    random = np.random.default_rng(11)
    variants = [damaged(case, random) for case in cases for _ in range(VARIANTS)]
    answers = run(sanitized, [*cases, *variants])
    expected = b"".join(case.answer(Kernel(host_library, case.flat)) for case in cases)
    assert answers[: len(expected)] == expected
    refused, at = 0, len(expected)
    for case in variants:
        (problem,) = struct.unpack_from("<i", answers, at)
        refused += problem != 0
        at += 4 if problem else case.answer_bytes()
    assert at == len(answers)
    assert 0.2 < refused / len(variants) < 0.98, "both ways are tried"
    outcome(f"{len(variants)} damaged models: {refused} refused, the others scored within their arrays")


def run(harness: Path, cases: list[Case]) -> bytes:
    """What it answers about the cases. A fault is an error that quotes the sanitizer."""
    numbers = np.array(EDGES)
    environment = os.environ | {"ASAN_OPTIONS": "detect_leaks=0", "UBSAN_OPTIONS": "print_stacktrace=1"}
    done = subprocess.run([harness], input=packed(cases, numbers), env=environment, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr.decode(errors="replace")[:3000]
    return done.stdout[: -16 * len(numbers)]


def test_a_read_beside_an_array_is_noticed(sanitized, cases):
    """Lengths are the one thing that the kernel takes on trust: here the model states more values than there are."""
    case = cases[0]
    short = {name: case.flat.arrays[name][:1] for name in ("path", "value")}
    head = slice(CASES_START, CASES_START + Model.feature.offset)
    cut = replace(case, flat=replace(case.flat, arrays={**case.flat.arrays, **short}))
    data = bytearray(packed([cut], np.zeros(0)))
    data[head] = packed([case], np.zeros(0))[head]
    done = subprocess.run([sanitized], input=bytes(data), capture_output=True, check=False)
    assert b"heap-buffer-overflow" in done.stderr
