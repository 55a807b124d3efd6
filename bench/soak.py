"""The server for long, and under bodies that are meant to hurt: `python bench/soak.py`.

Sends many requests, single rows and lists, and prints the server's memory as they are answered: it must stay flat. Then
sends bodies of a gigabyte, of a million rows, of 600,000 unknown keys, deeply nested, slow and broken ones, each while
probes come every 50 ms, and prints the answer, the memory and the longest gap between two probe answers. Exit code 1
when a goal is missed. `--requests 5000000` is the long form, some ten minutes.
"""

import argparse
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path[0] = str(ROOT)  # in place of this folder, whose packaging.py is not the library of that name

import orjson
from rich.console import Console
from rich.table import Table

from bench.goals import Goal, show
from bench.serving.closed_loop import closed_loop
from bench.serving.connection import exchange
from bench.serving.contenders import Kamado
from bench.serving.cores import Cores
from bench.serving.environments import server_environment
from bench.serving.hostile import attack, hostile_bodies
from bench.serving.model_case import ROWS, ModelCase, model_case
from bench.serving.prober import probing
from bench.serving.running import Running, free_port, running

MB = 1 << 20
MARKS = 10
BODY_SECONDS = 1.5
CALLERS = 8
MIX = (1, 1, 1, 1, 1, 1, 1, 1, 1, 30)  # rows of the requests in turn
MOST_GROWTH, MOST_HOSTILE_MB, MOST_GAP = 1.05, 64.0, 0.3
CLIENT_ERRORS = range(400, 500)


def soak(server: Running, case: ModelCase, requests: int, console: Console) -> Goal:
    """Memory at every tenth of the requests; the first tenth warms up."""
    own, starts = Kamado(), range(0, ROWS - max(MIX), 3)
    bodies = [
        own.request(case, range(start, start + MIX[turn % len(MIX)]), columns=MIX[turn % len(MIX)] > 1)
        for turn, start in enumerate(starts)
    ]
    table, resident = Table("requests", "requests/s", "MB resident", title="A long load"), []
    for mark in range(1, MARKS + 1):
        load = closed_loop(server.address, bodies, connections=CALLERS, limit=requests // MARKS)
        resident.append(server.tree.resident_bytes() / MB)
        table.add_row(f"{requests // MARKS * mark:,}", f"{load.rate:,.0f}", f"{resident[-1]:.1f}")
    console.print(table)
    return Goal("memory at the end over that after a tenth", resident[-1] / resident[0], MOST_GROWTH, " times")


def hostile(server: Running, case: ModelCase, console: Console) -> list[Goal]:
    """Each body again and again for some seconds, then a row that must be scored as before."""
    columns = ("body", "times", "answer", "ms", "MB sent", "MB resident, peak", "probes", "longest gap ms", "failed")
    table, growth, gaps, wrong, failures = Table(*columns, title="Hostile bodies"), 0.0, 0.0, 0, 0
    for body in hostile_bodies(orjson.dumps(case.row(0))):
        before = server.tree.resident_bytes() / MB
        server.tree.forget_peak()
        with probing(server.address) as probes:
            end = time.monotonic() + BODY_SECONDS
            refusals = [attack(server.address, body)]
            while time.monotonic() < end:
                refusals.append(attack(server.address, body))
        peak, gap = server.tree.peak_bytes() / MB, probes.longest_gap
        answers = ", ".join(sorted({refusal.head or "closed without one" for refusal in refusals}))
        milliseconds = 1e3 * sum(refusal.seconds for refusal in refusals) / len(refusals)
        sent, failed = max(refusal.sent for refusal in refusals) / MB, len(probes.failures)
        row = (
            body.name,
            f"{len(refusals):,}",
            answers,
            f"{milliseconds:,.1f}",
            f"{sent:.1f}",
            f"{before:.0f}, {peak:.0f}",
        )
        table.add_row(*row, f"{len(probes.answered)}", f"{1e3 * gap:.0f}", f"{failed}")
        growth, gaps, failures = max(growth, peak - before), max(gaps, gap), failures + failed
        wrong += any(refusal.status not in CLIENT_ERRORS for refusal in refusals)
    console.print(table)
    answer = exchange(server.address, Kamado().request(case, range(1), columns=False))
    is_right = answer.status == 200 and Kamado().probabilities(answer.body) == [case.probability[0]]
    return [
        Goal("hostile bodies without a clear refusal", wrong, 0),
        Goal("peak memory over what it was, by a hostile body", growth, MOST_HOSTILE_MB, " MB"),
        Goal("longest gap between two probe answers", gaps, MOST_GAP, " s"),
        Goal("probes that failed", failures, 0),
        Goal("the same row scored afterwards", int(is_right), 1, at_most=False),
    ]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--requests", type=int, default=200_000)
    parser.add_argument("--only", choices=("soak", "hostile"))
    args = parser.parse_args()
    console, cores = Console(highlight=False, width=160), Cores.split()
    console.print(str(cores))
    goals: list[Goal] = []
    with tempfile.TemporaryDirectory(prefix="kamado-bench-") as scratch:
        case, port = model_case(Path(scratch)), free_port()
        start = Kamado().start(server_environment(), port, case, Path(scratch))
        first, log = Kamado().request(case, range(1), columns=False), Path(scratch) / "server.log"
        cores.take_client()
        with running(start.command, port, first, cores=cores, log=log, variables=start.variables) as server:
            if args.only != "hostile":
                goals.append(soak(server, case, args.requests, console))
            if args.only != "soak":
                goals += hostile(server, case, console)
    return show(goals, console)


if __name__ == "__main__":
    sys.exit(main())
