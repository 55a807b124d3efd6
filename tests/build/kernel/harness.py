"""What harness.c reads, and what it has to answer."""

import struct
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from model.booster import ubjson
from model.booster.trees import read_trees
from model.bundle.bundle import load
from model.bundle.manifest import BundleManifest
from model.kernel.kernel import Kernel
from model.kernel.layout import FlatModel, flatten
from model.kernel.quadrature import gauss_legendre
from model.kernel.sources import KernelSources, kernel_sources
from model.kernel.structures import ARRAYS, Model

SOURCE = Path(__file__).with_name("harness.c")
QUADRATURE = gauss_legendre(8)
EXPLAINED = 2  # rows of each case
CASES_START = 16 * len(QUADRATURE.points) + 8  # of what is packed
# What splits, ranges and codes of categories end at, and what neither side of them expects.
EDGES = (
    *(np.nan, np.inf, -np.inf, 0.0, -0.0, 5e-324, -5e-324, 1e-45, 1.18e-38, 3.4e38, -3.4e38, 1e39, 1e300, -1e300),
    *(-1, -0.5, 0.5, 1, 1.5, 2, 2.7, 3, 4, 999, 16777215, 16777216, 4294967296, 4294967297, 9e18, 1e30),
)


def harness_sources() -> KernelSources:
    """The kernel's own and harness.c."""
    return KernelSources({**kernel_sources().files, SOURCE.name: SOURCE.read_bytes()})


@dataclass(frozen=True)
class Case:
    """A model, and rows for it: float32 (n, features) and float64 (n, inputs)."""

    flat: FlatModel
    rows: np.ndarray
    values: np.ndarray

    def packed(self) -> bytes:
        model = self.flat.model()
        assert self.rows.shape == (len(self.rows), model.features)
        assert self.values.shape == (len(self.rows), model.inputs)
        arrays = [self.flat.arrays[name].tobytes() for name in ARRAYS]
        lengths = [struct.pack("<Q", len(array)) for array in arrays]
        parts = [part for pair in zip(lengths, arrays, strict=True) for part in pair]
        count, rows, values = struct.pack("<Q", len(self.rows)), self.rows.astype("<f4"), self.values.astype("<f8")
        return b"".join([bytes(model)[: Model.feature.offset], *parts, count, rows.tobytes(), values.tobytes()])

    def answer(self, kernel: Kernel) -> bytes:
        """Of a valid model, by its library on this machine."""
        margin, probability = kernel.score_matrix(self.rows.astype("<f4"))
        scores = kernel.score_values(self.values.astype("<f8"))
        width = self.flat.inputs + len(self.flat.arrays["rule"])
        flags = np.zeros((len(self.values), width), dtype=bool) if scores.flags is None else scores.flags
        arrays = (margin, probability, scores.margin, scores.probability, flags)
        head, tail = struct.pack("<i", 0), struct.pack("<q", flags.sum())
        return b"".join([head, *(array.tobytes() for array in arrays), tail, *self._contributions(kernel)])

    def _contributions(self, kernel: Kernel) -> Iterator[bytes]:
        functions = kernel.library.functions
        scratch = np.empty(functions.kmd_contributions_scratch(kernel.address) // 8)
        for row in np.ascontiguousarray(self.rows[:EXPLAINED], dtype="<f4"):
            contribution = np.empty(len(row))
            addresses = [array.ctypes.data for array in (row, QUADRATURE.points, QUADRATURE.weights)]
            functions.kmd_contributions(
                kernel.address, *addresses, len(QUADRATURE.points), contribution.ctypes.data, scratch.ctypes.data
            )
            yield contribution.tobytes()
        yield struct.pack("<d", functions.kmd_expected(kernel.address))

    def answer_bytes(self) -> int:
        """Of a model that is not refused."""
        flags = self.flat.inputs + len(self.flat.arrays["rule"])
        explained = min(EXPLAINED, len(self.rows)) * len(self.flat.arrays["feature"]) + 1
        return 4 + len(self.rows) * (32 + flags) + 8 + 8 * explained


def packed(cases: Sequence[Case], numbers: np.ndarray) -> bytes:
    """Standard input: points and weights, the cases, and numbers for the arithmetic."""
    head = QUADRATURE.points.tobytes() + QUADRATURE.weights.tobytes() + struct.pack("<Q", len(cases))
    tail = struct.pack("<Q", len(numbers)) + numbers.astype("<f8").tobytes()
    return b"".join([head, *(case.packed() for case in cases), tail])


def case_of(bundle: Path, count: int, random: np.random.Generator) -> Case:
    """A bundle with rows within and beyond what it was trained with, next to its thresholds, and without any value."""
    loaded = load(bundle)
    flat = flatten(loaded.manifest, read_trees(ubjson.parse(loaded.booster)))
    pools = [
        [*EDGES, *_usual(loaded.manifest, index), *_beside_thresholds(flat, index)]
        for index in range(len(flat.arrays["feature"]))
    ]
    rows = np.stack([random.choice(np.array(pool), count) for pool in pools], axis=1)
    rows[0] = np.nan
    sources = flat.arrays["feature"]["source"]
    values = rows[:, sources < flat.inputs].astype(float)
    with np.errstate(over="ignore"):  # beyond float32 is infinite
        return Case(flat, rows.astype("<f4"), values)


def _usual(manifest: BundleManifest, index: int) -> list[float]:
    feature = manifest.features[index]
    if feature.kind == "category":
        return [float(code) for code in range(feature.other + 2)]
    return list(np.linspace(feature.minimum or 0, feature.maximum or 1, 40))


def _beside_thresholds(flat: FlatModel, index: int) -> Iterator[float]:
    for column in flat.arrays["column"]:
        if column["feature"] == index and column["kind"] == 0:
            for value in flat.arrays["threshold"][column["first"] : column["first"] + column["count"]]:
                yield from (np.nextafter(value, np.float32(-np.inf)), value, np.nextafter(value, np.float32(np.inf)))
