"""Is the promotion decision right when the truth is known? `python bench/decision.py`.

Simulates logs of list pages whose examination curve and attractions are known, with challengers whose true gain is
exact, and lets the product compare and decide. No model is trained: scores are log attraction with errors, and their
probability is a logistic regression on score and position, which has the confusion that a trained model has. It prints
the share of logs on which the challenger is promoted, by kind of log and by way to the examination curve.

Exit code 1 when equal models are promoted more often than 5 times in 100, by two standard errors, by the product's way
to the curve.
"""

import argparse
import json
import sys
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict
from functools import partial
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path[0] = str(ROOT)

from bench.decisions.cells import ALIKE, GAINS, Cell, DecisionOutcome, cells, simulate
from bench.decisions.curves import CURVES
from bench.decisions.shares import HEADER, DecisionShares

LOGS = {400: 100, 800: 100, 3200: 40}  # of equal models, by conversions
OTHERS = 4  # one log in so many also has the worse and the better models


def outcomes(processes: ProcessPoolExecutor, cell: Cell, logs: int, curves: Sequence[str]) -> Iterator[DecisionOutcome]:
    """Of all logs of a cell."""
    few = logs // OTHERS if cell.alike == ALIKE else 0
    runs = [partial(simulate, cell, GAINS if number < few else GAINS[:1], curves) for number in range(logs)]
    for future in [processes.submit(run, number) for number, run in enumerate(runs)]:
        yield from future.result()


def rows(cell: Cell, results: Sequence[DecisionOutcome], curves: Sequence[str]) -> Iterator[DecisionShares]:
    """Truth by truth."""
    for gain in GAINS:
        for curve in curves:
            if some := [each for each in results if each.gain == gain and each.curve == curve]:
                yield DecisionShares.of(cell, some)


def main() -> int:
    """Exit code 1 when equal models are promoted too often."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument(
        "--logs", type=int, help="of each cell, in place of the default, which fits a quarter of an hour"
    )
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--only", default="", help="cells whose name has this text, as LOG/EXPONENT/CONVERSIONS")
    parser.add_argument("--curves", default="true,product", help=f"of {', '.join(CURVES)}")
    parser.add_argument("--json", action="store_true")
    args = parser.parse_args()
    curves = args.curves.split(",")
    safe, started = True, time.monotonic()
    print(HEADER, file=sys.stderr)
    with ProcessPoolExecutor(args.processes) as processes:
        for cell in cells():
            if args.only not in f"{cell.log.name}/{cell.exponent}/{cell.conversions}":
                continue
            results = list(outcomes(processes, cell, args.logs or LOGS[cell.conversions], curves))
            for row in rows(cell, results, curves):
                print(json.dumps(asdict(row)) if args.json else row, flush=True)
                safe &= row.safe or row.curve != "product"
            print(f"  after {time.monotonic() - started:.0f} s", file=sys.stderr)
    return 0 if safe else 1


if __name__ == "__main__":
    raise SystemExit(main())
