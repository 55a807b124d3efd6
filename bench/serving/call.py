"""What scoring costs without HTTP, in the server's own environment: `python -m bench.serving.call BUNDLE ROWS`.

Reads the inputs by name from ROWS, a JSON file, and prints one JSON object: processor microseconds of one call with one
row, and per row of a call with 1,000, from columns to probabilities and flags.
"""

import json
import sys
import time
from collections.abc import Callable
from pathlib import Path

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
    number = len(next(iter(columns.values())))
    single = [{name: [values[row]] for name, values in columns.items()} for row in range(number)]
    many = {name: values[:MANY] for name, values in columns.items()}
    one = microseconds(lambda turn: scorer.score(single[turn % number]))
    print(json.dumps({"one": one, "row_of_many": microseconds(lambda _: scorer.score(many)) / MANY}))


if __name__ == "__main__":
    main(*sys.argv[1:])
