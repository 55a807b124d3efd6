"""Isotonic regression: the nearest values that never rise.

scipy.optimize has it too, and takes 0.2 s to import, for a curve of at most a hundred values.
"""

from collections import deque
from dataclasses import dataclass

import numpy as np

from model.arrays import Floats


def never_rising(values: Floats, weights: Floats) -> Floats:
    """Weighted least squares by pooling neighbours that rise (Busing, Journal of Statistical Software 2022).

    Adds in scipy's order, so that both give the same bits.
    """
    pairs = zip(values.tolist(), weights.tolist(), strict=True)
    waiting = deque(_Pool(value, weight, value * weight, 1) for value, weight in pairs)
    waiting.reverse()
    pools: list[_Pool] = []
    while waiting:
        pool = waiting.popleft()
        if pools and pools[-1].mean >= pool.mean:
            pool.add(pools.pop())
            while waiting and pool.mean >= waiting[0].mean:
                pool.add(waiting.popleft())
            while pools and pools[-1].mean >= pool.mean:
                pool.add(pools.pop())
        pools.append(pool)
    rising: Floats = np.repeat([pool.mean for pool in pools], [pool.size for pool in pools])
    return rising[::-1]


@dataclass
class _Pool:
    """Neighbours that have one value, their weighted mean."""

    mean: float
    weight: float
    total: float
    size: int

    def add(self, other: "_Pool") -> None:
        self.total += other.mean * other.weight
        self.weight += other.weight
        self.size += other.size
        self.mean = self.total / self.weight
