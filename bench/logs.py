"""What the logs of a server cost: `python bench/logs.py`.

Serves one synthetic model and sends single rows and lists of 30, without a log, with a line for each request, and with
the prediction log on standard output and in Parquet files, in turn. Prints the processor time that a log adds to a
request and to a row, and its share of what a request takes without it; medians over the rounds with their spread.
"""

import argparse
import statistics
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path[0] = str(ROOT)  # in place of this folder, whose packaging.py is not the library of that name

from rich.console import Console
from rich.table import Table

from bench.serving.contenders import Kamado
from bench.serving.cores import Cores
from bench.serving.environments import server_environment
from bench.serving.measure import Case, cost
from bench.serving.model_case import ModelCase, model_case
from bench.serving.running import free_port, running
from bench.spread import spread

CASES = (Case("one row", 1, 8), Case("30 rows in columns", 30, 8, columns=True))
PLAIN = "none"


def microseconds(case: ModelCase, scratch: Path, cores: Cores, seconds: float, log: Mapping[str, str]) -> list[float]:
    """Processor time of a request of each case, by a server of its own."""
    server, port = Kamado(), free_port()
    start = server.start(server_environment(), port, case, scratch)
    first, output = server.request(case, range(1), columns=False), scratch / "server.log"
    with running(start.command, port, first, cores=cores, log=output, variables={**start.variables, **log}) as started:
        return [body.rows * cost(server, started, body, case, seconds).cpu for body in CASES]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=3, help="of every load")
    args = parser.parse_args()
    console, cores = Console(highlight=False, width=120), Cores.split()
    with tempfile.TemporaryDirectory(prefix="kamado-bench-") as temporary:
        scratch = Path(temporary)
        logs: dict[str, dict[str, str]] = {
            PLAIN: {},
            "requests": {"KAMADO_LOG": "requests"},
            "predictions, stdout": {"KAMADO_PREDICTION_LOG": "stdout"},
            "predictions, folder": {"KAMADO_PREDICTION_LOG": str(scratch / "log")},
        }
        case = model_case(scratch)
        cores.take_client()
        rounds = [
            {name: microseconds(case, scratch, cores, args.seconds, log) for name, log in logs.items()}
            for _ in range(args.rounds)
        ]
    table = Table("log", "body", "µs a request", "more than without", "more a row", "share")
    for name in logs:
        for index, body in enumerate(CASES):
            costs, plain = ([of_round[of][index] for of_round in rounds] for of in (name, PLAIN))
            added = [cost - without for cost, without in zip(costs, plain, strict=True)]
            more = statistics.median(added)
            share = more / statistics.median(plain)
            row = spread(costs, digits=0), spread(added, digits=0), f"{more / body.rows:.1f}", f"{share:.0%}"
            table.add_row(name, body.name, *row)
    console.print(table)
    return 0


if __name__ == "__main__":
    sys.exit(main())
