"""Kamado's server beside others: `python bench/serving`.

Trains one model, serves it by Kamado, a plain FastAPI app, KServe's SDK, MLServer and BentoML, each with one worker in
an environment of its own (its lock is in bench/serving/peers; downloaded once, into Kamado's cache), checks the bits of
one answer of each, and loads them in turn. What is compared is the processor time of the server per request, because
other work on the machine changes it least. The others get numbers by position and answer with the booster's own
probability: they check no names, categories or ranges, and apply no linear part, correction or calibration. Then the
scoring call alone, and the kernel beside XGBoost on a million rows: differing bits, rows a second, Parquet to Parquet.
Exit code 1 when a goal is missed. What the server's image weighs is measured by bench/server_base.py.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path[0] = str(ROOT)  # in place of this folder, which holds no packages

from rich.console import Console

from bench.serving.comparison import Comparison, compare
from bench.serving.contenders import CONTENDERS
from bench.serving.cores import Cores
from bench.serving.environments import server_environment
from bench.serving.goals import Goal, show
from bench.serving.measure import CASES
from bench.serving.model_case import ModelCase, model_case
from bench.serving.offline import TREES

PARTS = ("servers", "call", "offline")
MOST_CALL = 20.0
LEAST_OVER_XGBOOST, LEAST_PARQUET = 2.0, 200_000
ROWS = 1_000_000


def call(case: ModelCase, console: Console) -> Iterator[Goal]:
    """The scoring call alone."""
    python = server_environment() / "bin" / "python"
    rows = case.bundle.with_name("rows.json")
    rows.write_text(json.dumps(case.columns))
    command = [str(python), "-m", "bench.serving.call", str(case.bundle), str(rows)]
    measured = json.loads(subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.PIPE, env=_environ()).stdout)
    console.print(f"the scoring call by {measured['engine']}, per row of 1,000: {measured['row_of_many']:.2f} µs")
    yield Goal("the scoring call, one row", measured["single_row"], MOST_CALL, " µs")


def offline(case: ModelCase, console: Console) -> Iterator[Goal]:
    """The kernel beside XGBoost, in this environment, which has both."""
    scratch = case.bundle.with_name("offline")
    scratch.mkdir()
    command = [sys.executable, "-m", "bench.serving.offline", str(case.bundle), str(scratch), str(ROWS)]
    measured = json.loads(subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.PIPE, env=_environ()).stdout)
    for name in ("scoring", "parquet"):
        rates = ", ".join(f"{engine} {rate:,.0f}" for engine, rate in measured[name].items())
        console.print(f"{name}, rows a second of a core: {rates}")
    yield Goal(f"differing bits in {ROWS:,} rows, kernel and XGBoost", measured["bits"], 0)
    ratio = measured["scoring"]["kernel"] / measured["scoring"][TREES]
    yield Goal(
        "scoring in batches, the kernel with all over XGBoost's trees alone",
        ratio,
        LEAST_OVER_XGBOOST,
        " times",
        at_most=False,
    )
    rate = measured["parquet"]["kernel"]
    yield Goal("Parquet to Parquet", rate, LEAST_PARQUET, " rows/s of a core", at_most=False)


def _environ() -> dict[str, str]:
    return {**os.environ, "OMP_NUM_THREADS": "1"}


def _document(comparison: Comparison | None, goals: list[Goal]) -> dict[str, object]:
    costs = [
        {"server": name, "load": case.name, **asdict(cost)}
        for (name, case), costs in (comparison.costs.items() if comparison else ())
        for cost in costs
    ]
    footprints = {name: asdict(size) for name, size in (comparison.footprints.items() if comparison else ())}
    return {
        "costs": costs,
        "footprints": footprints,
        "goals": [asdict(goal) | {"reached": goal.reached} for goal in goals],
    }


def main() -> int:
    parser = argparse.ArgumentParser(
        prog="python bench/serving", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--only", nargs="+", choices=PARTS, default=list(PARTS), help="parts to run")
    parser.add_argument(
        "--servers", nargs="+", choices=CONTENDERS, default=list(CONTENDERS), help="Kamado is always one"
    )
    parser.add_argument("--rounds", type=int, default=5, help="rounds of every load, all servers in each")
    parser.add_argument("--seconds", type=float, default=1.5, help="of every load")
    parser.add_argument("--json", type=Path, help="file for every figure")
    args = parser.parse_args()
    console, cores = Console(highlight=False, width=160), Cores.split()
    goals: list[Goal] = []
    comparison = None
    console.print(f"{cores}; {len(CASES)} loads")
    with tempfile.TemporaryDirectory(prefix="kamado-bench-") as scratch:
        case = model_case(Path(scratch))
        if "servers" in args.only:
            cores.take_client()
            names = [name for name in CONTENDERS if name in {"Kamado", *args.servers}]
            comparison = compare(names, case, Path(scratch), cores, console, rounds=args.rounds, seconds=args.seconds)
            comparison.show(console)
            goals += comparison.goals()
        if "call" in args.only:
            goals += call(case, console)
        if "offline" in args.only:
            goals += offline(case, console)
    if args.json:
        args.json.write_text(json.dumps(_document(comparison, goals), indent=2))
    return show(goals, console)


if __name__ == "__main__":
    sys.exit(main())
