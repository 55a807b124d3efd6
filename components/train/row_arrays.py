"""Arrays with one entry for each row that are read block by block: in memory, or in files where they are large.

Both give the same blocks, so that what is computed from them has the same bits.
"""

import itertools
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from functools import cached_property
from pathlib import Path
from typing import Generic, TypeVar

import numpy as np
from numpy.typing import DTypeLike, NDArray

BLOCK = 1 << 16  # rows
IN_MEMORY = 64 * 2**20  # bytes of encoded rows; more are kept in files

Scalar = TypeVar("Scalar", bound=np.generic)
Entry = TypeVar("Entry", bound=np.generic)
Mask = NDArray[np.bool_]


class RowArray(ABC, Generic[Scalar]):
    """An array (rows, ...) that grows at its end. A mask has one entry for each row, and chooses those to read."""

    def __init__(self) -> None:
        self.count = 0

    def append(self, rows: NDArray[Scalar]) -> None:
        self._write(rows)
        self.count += len(rows)

    def blocks(self, chosen: Mask | None = None) -> Iterator[NDArray[Scalar]]:
        """The rows in order, at most BLOCK at a time; a block is never empty."""
        for start in range(0, self.count, BLOCK):
            some = slice(start, min(start + BLOCK, self.count))
            if chosen is None:
                yield self._read(some)
            elif chosen[some].any():
                yield self._read(some)[chosen[some]]

    def over(self, function: Callable[[NDArray[Scalar]], NDArray[Entry]], chosen: Mask | None = None) -> NDArray[Entry]:
        """What `function` gives for each row: it gets a block, and returns an array (rows,)."""
        count = self.count if chosen is None else int(np.count_nonzero(chosen))
        pieces = (function(block) for block in self.blocks(chosen))
        first = next(pieces, None)
        if first is None:
            return function(self._read(slice(0, 0)))
        whole, start = np.empty(count, first.dtype), 0
        for piece in itertools.chain([first], pieces):
            whole[start : start + len(piece)] = piece
            start += len(piece)
        return whole

    def every(self, step: int, chosen: Mask | None = None) -> NDArray[Scalar]:
        """The first of the rows and each `step`-th after it."""
        pieces, start = [self._read(slice(0, 0))], 0
        for block in self.blocks(chosen):
            some = block[-start % step :: step]
            pieces.append(some if step == 1 else some.copy())  # a view would keep its block in memory
            start += len(block)
        return np.concatenate(pieces)

    def values(self) -> NDArray[Scalar]:
        """All of them; for what is small for each row."""
        return self.every(1)

    @abstractmethod
    def _write(self, rows: NDArray[Scalar]) -> None: ...

    @abstractmethod
    def _read(self, rows: slice) -> NDArray[Scalar]:
        """Those from `rows.start` to `rows.stop`, which exist."""


class MemoryArray(RowArray[Scalar]):
    """All rows in one array once they are read."""

    def __init__(self, *rows: NDArray[Scalar]) -> None:
        super().__init__()
        self._pieces: list[NDArray[Scalar]] = []
        for some in rows:
            self.append(some)

    def _write(self, rows: NDArray[Scalar]) -> None:
        self._pieces.append(rows)

    @cached_property
    def _whole(self) -> NDArray[Scalar]:
        whole = np.concatenate(self._pieces)
        self._pieces.clear()
        return whole

    def _read(self, rows: slice) -> NDArray[Scalar]:
        return self._whole[rows]


class FileArray(RowArray[Scalar]):
    """In a file of its own, of which no more than a block is in memory."""

    def __init__(self, path: Path, dtype: DTypeLike, width: int | None) -> None:
        super().__init__()
        self.path, self._dtype, self._width = path, np.dtype(dtype), width

    def _write(self, rows: NDArray[Scalar]) -> None:
        with self.path.open("ab") as file:
            np.ascontiguousarray(rows, self._dtype).tofile(file)

    def _read(self, rows: slice) -> NDArray[Scalar]:
        width = self._width or 1
        values: NDArray[Scalar] = np.fromfile(
            self.path, self._dtype, (rows.stop - rows.start) * width, offset=rows.start * width * self._dtype.itemsize
        )
        return values if self._width is None else values.reshape(-1, self._width)


class RowStorage:
    """Where the arrays of one training are: in files of `folder`, or in memory where there is no folder."""

    def __init__(self, folder: Path | None = None) -> None:
        self.folder = folder
        self._numbers = itertools.count()

    @classmethod
    def of_size(cls, values: int, folder: Path, *, in_memory: int = IN_MEMORY) -> "RowStorage":
        """For so many float32 values."""
        return cls(None if 4 * values <= in_memory else folder)

    def new_path(self) -> Path | None:
        """Of a file that is not there yet."""
        return self.folder / f"{next(self._numbers):04}" if self.folder else None

    def floats(self, width: int) -> RowArray[np.float32]:
        path = self.new_path()
        return FileArray(path, np.float32, width) if path else MemoryArray()

    def groups(self) -> RowArray[np.uint64]:
        path = self.new_path()
        return FileArray(path, np.uint64, None) if path else MemoryArray()

    def times(self) -> RowArray[np.int64]:
        path = self.new_path()
        return FileArray(path, np.int64, None) if path else MemoryArray()
