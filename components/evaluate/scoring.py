"""All candidates score the same rows in one pass.

Every model scores twice: its probability at the logged position, where the outcome was observed; its order with the
position held constant, as it will serve. The two must not be mixed: probabilities at position 1 look several times too
high.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from artifacts.splits import batches
from components.evaluate.candidates import Candidate, inputs_of
from components.evaluate.test_set import Rows
from model.arrays import Floats


@dataclass(frozen=True)
class CandidateScores:
    """Per row: `probability` at the logged position, `order` with it held constant. One array without positions."""

    probability: Floats
    order: Floats

    @classmethod
    def empty(cls, rows: int, candidate: Candidate) -> "CandidateScores":
        """Arrays to fill."""
        probability = np.empty(rows)
        return cls(probability, np.empty(rows) if candidate.position else probability)

    @classmethod
    def joined(cls, parts: "Sequence[CandidateScores]") -> "CandidateScores":
        """Of the rows of all parts, one after the other."""
        if len(parts) == 1:
            return parts[0]
        return cls(np.concatenate([part.probability for part in parts]), np.concatenate([part.order for part in parts]))

    def chosen(self, mask: NDArray[np.bool_] | slice) -> "CandidateScores":
        """Of the rows of the mask or slice."""
        return CandidateScores(self.probability[mask], self.order[mask])

    @property
    def finite(self) -> NDArray[np.bool_]:
        """Per row: whether both are numbers."""
        return np.isfinite(self.probability) & np.isfinite(self.order)


def score(
    candidates: Mapping[str, Candidate], path: Path, rows: Rows, progress: Callable[[int], None]
) -> dict[str, CandidateScores]:
    """Scores of every candidate. `progress` receives the number of rows done.

    Raises DataError for a column that is not numeric where numbers belong.
    """
    names = tuple(dict.fromkeys(name for candidate in candidates.values() for name in inputs_of(candidate)))
    scores = {name: CandidateScores.empty(len(rows.label), candidate) for name, candidate in candidates.items()}
    start = 0
    for batch in batches(path, names):
        block = slice(start, start + batch.num_rows)
        position = rows.position[block] if rows.position is not None else None
        for name, candidate in candidates.items():
            matrix = candidate.encode(batch, position)
            scores[name].probability[block] = candidate.probability(matrix)
            if candidate.position:
                matrix[:, candidate.names.index(candidate.position.feature)] = candidate.position.constant
                scores[name].order[block] = candidate.probability(matrix)
        start += batch.num_rows
        progress(start)
    return scores
