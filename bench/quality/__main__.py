"""Kamado's models beside those of others: `python bench/quality`.

For each set a fifth of the rows, the newest where there is time, is held out from all tools. Kamado prepares, trains
and refits on the rest, whatever its verdict would be; AutoGluon, FLAML and CatBoost get the same rows and columns, and
are told of time or groups. Each has one thread and the same budget of processor seconds, in an environment of its own
(its lock is in bench/quality/peers; downloaded once, into Kamado's cache). Beside them stand an untuned XGBoost and a
logistic regression. All are judged by log loss on the held-out rows. Results are kept in the folder WORK by the rows,
the code and the versions that they follow from: what is there is not measured again, and what other tools have there
is compared with. Exit code 1 when a goal is missed.
"""

import argparse
import json
import os
import sys
from dataclasses import asdict
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path[0] = str(ROOT)  # in place of this folder, which holds no packages

from rich.console import Console

from bench.goals import Goal, show
from bench.quality import table
from bench.quality.comparison import KAMADO, SetComparison, ToolResult, goals
from bench.quality.data_sets import SETS, DataSet
from bench.quality.hold_out import Division, hold_out
from bench.quality.measurements import Measurement, Measurements, ToolFailed
from bench.quality.portals import portals
from bench.quality.shuffled import shuffled_copies
from bench.quality.tools import TOOLS
from build.settings import cache_folder
from components.evaluate.test_set import read_rows
from model.spec.reader import read_spec

SEEDS = (1, 2, 3)
CPU_SECONDS = 120.0


def measured(
    data_set: DataSet, division: Division, args: argparse.Namespace, console: Console
) -> dict[str, list[Measurement]]:
    """Tool -> its measurements: those of `args.tools` made where they are missing, of others what is there."""
    measurements = Measurements(args.work, args.cpu_seconds)
    results: dict[str, list[Measurement]] = {}
    for seed in args.seeds:
        for name, tool in TOOLS.items():
            measurement = measurements.present(data_set, division, tool, seed)
            if measurement is None and name in args.tools and (name == KAMADO or not data_set.refused):
                try:
                    measurement = measurements.measure(data_set, division, tool, seed)
                except ToolFailed as error:
                    console.print(f"{data_set.name}, seed {seed}: {error}", markup=False)
                    continue
                cost = f"{name} took {measurement.cpu_seconds:.1f} CPU s ({measurement.note})"
                console.print(f"{data_set.name}, seed {seed}: {cost}")
            if measurement is not None:
                results.setdefault(name, []).append(measurement)
    return results


def compare(args: argparse.Namespace, console: Console) -> tuple[list[SetComparison], list[Goal]]:
    """All sets that are there, and the goals of those without signal."""
    comparisons, refused = [], []
    for name in args.sets:
        data_set = SETS[name]
        if not data_set.present:
            console.print(f"{name}: {data_set.shared} is not in ../shared/data, left out")
            continue
        division = hold_out(data_set, args.work)
        results = measured(data_set, division, args, console)
        if data_set.refused:
            verdicts = [measurement.verdict for measurement in results.get(KAMADO, ())]
            console.print(f"{name}: {', '.join(map(str, verdicts)) or 'not measured'}")
            refused.append(Goal(f"{name}, models promoted", verdicts.count("promote"), 0))
        elif results:
            rows = read_rows(read_spec(data_set.folder), [division.outer])
            of_tools = {tool: ToolResult.of(rows.label, many) for tool, many in results.items()}
            comparisons.append(SetComparison(name, rows, of_tools))
    return comparisons, refused


def main() -> int:
    parser = argparse.ArgumentParser(
        prog="python bench/quality", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--sets", nargs="*", choices=SETS, default=list(SETS), help="data sets; none with --sets alone")
    parser.add_argument("--tools", nargs="*", choices=TOOLS, default=list(TOOLS), help="what is measured if missing")
    parser.add_argument("--seeds", nargs="+", type=int, default=list(SEEDS))
    parser.add_argument("--cpu-seconds", type=float, default=CPU_SECONDS, help="budget of each tool")
    parser.add_argument("--work", type=Path, default=cache_folder(os.environ) / "bench" / "quality")
    parser.add_argument(
        "--shuffled", type=int, default=0, metavar="N", help="copies with shuffled labels, to a verdict"
    )
    parser.add_argument("--portals", type=int, default=0, metavar="N", help="simulated portals whose orders are judged")
    parser.add_argument("--json", type=Path, help="file for every figure")
    args = parser.parse_args()
    console = Console(highlight=False, width=190)
    comparisons, reached = compare(args, console)
    table.show(comparisons, console)
    reached += goals(comparisons)
    copies = shuffled_copies(args.shuffled, args.work, lambda done, of, text: console.print(f"{done} of {of}: {text}"))
    if copies:
        promoted = sum(copy.verdict == "promote" for copy in copies)
        reached.append(Goal(f"label-shuffled copies of {len(copies)} that were promoted", promoted, 0))
    if args.portals:
        reached += portals(args.portals, console)
    if args.json:
        document = {
            "cpu_seconds": args.cpu_seconds,
            "sets": [comparison.document() for comparison in comparisons],
            "shuffled": [asdict(copy) for copy in copies],
            "goals": [asdict(goal) | {"reached": goal.reached} for goal in reached],
        }
        args.json.write_text(json.dumps(document, indent=2))
    return show(reached, console)


if __name__ == "__main__":
    sys.exit(main())
