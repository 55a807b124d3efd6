"""Is the promotion decision right when the truth is known? `python bench/decision.py`.

Simulates logs of list pages whose examination curve and attractions are known, with challengers whose true gain is
exact, and lets the product compare and decide. No model is trained: scores are log attraction with errors, and their
probability is a logistic regression on score and position, which has the confusion that a trained model has. It prints
the share of logs on which the challenger is promoted, by kind of log and by way to the examination curve.

Besides, cases for the rules, and chains of releases of which each made the log of the next.

Exit code 1 when equal models are promoted more often than 5 times in 100, by two standard errors, by the product's way
to the curve, or when the rules promote or refuse what they must not.
"""

import argparse
import json
import sys
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, replace
from functools import partial
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path[0] = str(ROOT)

from threadpoolctl import threadpool_limits

from bench.arguments import count, share
from bench.decisions.cells import ALIKE, GAINS, Cell, DecisionOutcome, cells, simulate
from bench.decisions.curves import CURVES
from bench.decisions.generations import GENERATION_HEADER, GenerationShares, generations
from bench.decisions.rules import RULE_CASES, RULE_HEADER, RuleShares
from bench.decisions.shares import HEADER, DecisionShares, pooled
from bench.decisions.verdicts import CRITERIA

RULE_LOGS, CHAINS = 40, 8
LOGS = {400: 24, 800: 24, 3200: 6}  # of equal models, by conversions
OTHERS = {400: 3, 800: 3, 3200: 2}  # one log in so many also has the worse and the better models
Row = DecisionShares | RuleShares | GenerationShares


def curve_names(text: str) -> list[str]:
    """Raises ArgumentTypeError for a name that is not among CURVES."""
    names = text.split(",")
    if unknown := [name for name in names if name not in CURVES]:
        raise argparse.ArgumentTypeError(f"{', '.join(unknown)}: not among {', '.join(CURVES)}")
    return names


def confidence(text: str) -> float:
    """As promotion.champion may have it. Raises ArgumentTypeError for others."""
    value = share(text)
    if not 0.5 < value < 1:
        raise argparse.ArgumentTypeError(f"{text} does not lie between .5 and 1")
    return value


def outcomes(
    processes: ProcessPoolExecutor, cell: Cell, logs: int, curves: Sequence[str], confidence: float
) -> Iterator[DecisionOutcome]:
    """Of all logs of a cell."""
    run_of = partial(simulate, criteria=replace(CRITERIA, confidence=confidence))
    few = logs // OTHERS[cell.conversions] if cell.alike == ALIKE else 0
    runs = [partial(run_of, cell, GAINS if number < few else GAINS[:1], curves) for number in range(logs)]
    for future in [processes.submit(run, number) for number, run in enumerate(runs)]:
        yield from future.result()


def rows(cell: Cell, results: Sequence[DecisionOutcome], curves: Sequence[str]) -> Iterator[DecisionShares]:
    """Truth by truth."""
    for gain in GAINS:
        for curve in curves:
            if some := [each for each in results if each.gain == gain and each.curve == curve]:
                yield DecisionShares.of(cell, some)


def judged_cells(processes: ProcessPoolExecutor, args: argparse.Namespace) -> Iterator[tuple[Row, bool]]:
    """Every cell that `args.only` names, then all kinds of log together, and whether each is as it must be."""
    shares = []
    for cell in cells():
        if args.only in f"cells/{cell.log.name}/{cell.exponent}/{cell.conversions}":
            logs = args.logs or LOGS[cell.conversions]
            results = list(outcomes(processes, cell, logs, args.curves, args.confidence))
            for row in rows(cell, results, args.curves):
                shares.append(row)
                yield row, row.safe or row.curve != "product"
    for row in pooled(shares):
        yield row, row.safe or row.curve != "product"


def judged_rules(processes: ProcessPoolExecutor, args: argparse.Namespace) -> Iterator[tuple[Row, bool]]:
    """Every case of the rules."""
    for case in RULE_CASES:
        if args.only in f"rules/{case.name}":
            row = RuleShares.of(case, list(processes.map(case.simulate, range(args.logs or RULE_LOGS))))
            yield row, row.right


def judged_generations(processes: ProcessPoolExecutor, args: argparse.Namespace) -> Iterator[tuple[Row, bool]]:
    """Chains of releases, with random pages and without."""
    for explore in (0.0, 0.04):
        for curve in args.curves:
            if args.only in f"generations/{explore}/{curve}":
                chains = list(processes.map(partial(generations, explore, curve), range(args.logs or CHAINS)))
                for results in zip(*chains, strict=True):
                    yield GenerationShares.of(explore, curve, results), True


def main() -> int:
    """Exit code 1 when a share is not as it must be."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--logs", type=count, help="of each case, in place of what fits a quarter of an hour")
    parser.add_argument("--processes", type=count, default=2)
    parser.add_argument(
        "--only",
        default="",
        help="what has this text in its name, as cells/LOG/EXPONENT/CONVERSIONS, rules/CASE or generations/SHARE/CURVE",
    )
    parser.add_argument(
        "--curves",
        type=curve_names,
        default="true,product",
        help=f"of {', '.join(CURVES)}; the last for all models, the others for equal ones alone",
    )
    parser.add_argument(
        "--confidence", type=confidence, default=CRITERIA.confidence, help="of promotion.champion, in the cells"
    )
    parser.add_argument("--json", action="store_true")
    args = parser.parse_args()
    right, started, lines = True, time.monotonic(), 0
    # Each process has one core.
    with ProcessPoolExecutor(args.processes, initializer=threadpool_limits, initargs=(1,)) as processes:
        for header, table in (
            (RULE_HEADER, judged_rules),
            (GENERATION_HEADER, judged_generations),
            (HEADER, judged_cells),
        ):
            print(f"{header}\nafter {time.monotonic() - started:.0f} s", file=sys.stderr)
            for row, as_it_must_be in table(processes, args):
                print(json.dumps(asdict(row)) if args.json else row, flush=True)
                right, lines = right and as_it_must_be, lines + 1
    print(f"after {time.monotonic() - started:.0f} s", file=sys.stderr)
    if not lines:
        parser.error(f"--only {args.only}: no case has this text in its name")
    return 0 if right else 1


if __name__ == "__main__":
    raise SystemExit(main())
