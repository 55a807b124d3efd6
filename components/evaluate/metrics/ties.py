"""A fixed random order of rows, in which a stable sort leaves those that are equal."""

import functools

import numpy as np

from model.arrays import Ints

SEED = 7


@functools.lru_cache(1)  # every metric of one evaluation sorts the same rows
def shuffled(rows: int) -> Ints:
    """Row numbers from 0, read-only."""
    order = np.empty(rows, np.int64)
    order[np.random.Generator(np.random.PCG64(SEED)).permutation(rows)] = np.arange(rows)
    order.flags.writeable = False
    return order
