"""How many rows have a value that training did not see, by column and by rule."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from model.bundle.manifest import BundleManifest


@dataclass(frozen=True)
class FlagCounts:
    """Rows by input: with an unknown category, with a number outside the range of training; and rows outside each
    rule. What no row has is left out."""

    unknown_categories: dict[str, int]
    outside_range: dict[str, int]
    outside_bounds: dict[str, int]


class FlagCounter:
    """Adds up the flags of batches."""

    def __init__(self, manifest: BundleManifest) -> None:
        self._inputs, self._rules = manifest.inputs, manifest.bounds
        self._sums = np.zeros(len(self._inputs) + len(self._rules), np.int64)

    def add(self, flags: NDArray[np.bool_] | None) -> None:
        """`flags` is (rows, inputs + rules); None where none is set."""
        if flags is not None:
            self._sums += np.count_nonzero(flags, axis=0)

    def counts(self) -> FlagCounts:
        """Of all batches so far."""
        inputs = len(self._inputs)
        return FlagCounts(
            unknown_categories=self._of("category"),
            outside_range=self._of("number"),
            outside_bounds=_counted([rule.name for rule in self._rules], self._sums[inputs:]),
        )

    def _of(self, kind: str) -> dict[str, int]:
        indices = [index for index, feature in enumerate(self._inputs) if feature.kind == kind]
        return _counted([self._inputs[index].name for index in indices], self._sums[indices])


def _counted(names: Sequence[str], sums: NDArray[np.int64]) -> dict[str, int]:
    return {name: int(count) for name, count in zip(names, sums, strict=True) if count}
