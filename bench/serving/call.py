"""What scoring costs without HTTP, in the server's own environment: `python -m bench.serving.call BUNDLE ROWS`.

Reads the inputs by name from ROWS, a JSON file, and prints one JSON object: processor microseconds of one call with one
row, and per row of a call with 1,000, from values by name to probabilities and flags.
"""

import json
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from serving.inputs import InputNumbers
from serving.score import load_and_verify

SECONDS = 0.5
REPEATS = 5
MANY = 1_000


def microseconds(work: Callable[[int], object]) -> float:
    """Processor time of a call, the median of some repeats. `work` is told the call's number."""
    measured = []
    for _ in range(REPEATS):
        began, number = time.process_time(), 0
        while (used := time.process_time() - began) < SECONDS:
            for _ in range(20):
                work(number)
                number += 1
        measured.append(1e6 * used / number)
    return sorted(measured)[REPEATS // 2]


def main(bundle: str, rows: str) -> None:
    columns: dict[str, list[float | str | None]] = json.loads(Path(rows).read_text())
    scorer = load_and_verify(Path(bundle)).scorer
    inputs = InputNumbers(scorer.predictor.manifest.inputs)

    def score(numbers: NDArray[np.float64] | None) -> object:
        if numbers is None:
            raise ValueError("the rows are not of the types of the inputs")
        return scorer.score(numbers)

    number = len(next(iter(columns.values())))
    single = [{name: values[row] for name, values in columns.items()} for row in range(number)]
    many = {name: values[:MANY] for name, values in columns.items()}
    single_row = microseconds(lambda turn: score(inputs.of_row(single[turn % number])))
    row_of_many = microseconds(lambda _: score(inputs.of_columns(many))) / MANY
    print(json.dumps({"engine": scorer.predictor.engine, "single_row": single_row, "row_of_many": row_of_many}))


if __name__ == "__main__":
    main(*sys.argv[1:])
