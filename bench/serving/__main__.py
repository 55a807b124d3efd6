"""Kamado's server beside others: `python bench/serving`.

Trains one model, serves it by Kamado, a plain FastAPI app, KServe's SDK, MLServer and BentoML, each with one worker in
an environment of its own (its lock is in bench/serving/peers; downloaded once, into Kamado's cache), checks the bits of
one answer of each, and loads them in turn. What is compared is the processor time of the server per request, because
other work on the machine changes it least. The others get numbers by position and answer with the booster's own
probability: they check no names, categories or ranges, and apply no linear part, correction or calibration. Exit code 1
when a goal is missed. The scoring call alone is measured by bench/predictor.py, the server's image by
bench/server_base.py.
"""

import argparse
import json
import sys
import tempfile
from dataclasses import asdict
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path[0] = str(ROOT)  # in place of this folder, which holds no packages

from rich.console import Console

from bench.goals import Goal, show
from bench.serving.comparison import Comparison, compare
from bench.serving.contenders import CONTENDERS
from bench.serving.cores import Cores
from bench.serving.model_case import model_case


def document(comparison: Comparison, goals: list[Goal]) -> dict[str, object]:
    """Every figure, for programs."""
    costs = [
        {"server": name, "load": case.name, **asdict(cost)}
        for (name, case), costs in comparison.costs.items()
        for cost in costs
    ]
    footprints = {name: asdict(size) for name, size in comparison.footprints.items()}
    reached = [asdict(goal) | {"reached": goal.reached} for goal in goals]
    return {"costs": costs, "footprints": footprints, "goals": reached}


def main() -> int:
    parser = argparse.ArgumentParser(
        prog="python bench/serving", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--only", nargs="+", choices=CONTENDERS, default=list(CONTENDERS), help="servers; Kamado is always one"
    )
    parser.add_argument("--rounds", type=int, default=5, help="rounds of every load, all servers in each")
    parser.add_argument("--seconds", type=float, default=1.5, help="of every load")
    parser.add_argument("--json", type=Path, help="file for every figure")
    args = parser.parse_args()
    console, cores = Console(highlight=False, width=160), Cores.split()
    console.print(str(cores))
    with tempfile.TemporaryDirectory(prefix="kamado-bench-") as scratch:
        case = model_case(Path(scratch))
        cores.take_client()
        names = [name for name in CONTENDERS if name in {"Kamado", *args.only}]
        comparison = compare(names, case, Path(scratch), cores, console, rounds=args.rounds, seconds=args.seconds)
    comparison.show(console)
    goals = list(comparison.goals())
    if args.json:
        args.json.write_text(json.dumps(document(comparison, goals), indent=2))
    return show(goals, console)


if __name__ == "__main__":
    sys.exit(main())
