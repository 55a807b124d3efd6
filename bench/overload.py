"""The server above its capacity: `python bench/overload.py`.

Measures the capacity with callers who wait for their answers, then sends at 0.8, 1 and 3 times of it, single rows and
lists of 30 rows, at random moments and without waiting, while probes come every 50 ms. Prints what accepted requests
took, how soon the others had their 503, how much was accepted, and what the probes saw; draws it into a page. Exit code
1 when a goal is missed.
"""

import argparse
import gc
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path[0] = str(ROOT)  # in place of this folder, whose packaging.py is not the library of that name

from rich.console import Console
from rich.table import Table

from bench.goals import Goal, show
from bench.serving.closed_loop import closed_loop
from bench.serving.contenders import Kamado
from bench.serving.cores import Cores, take_priority
from bench.serving.environments import server_environment
from bench.serving.model_case import ROWS, ModelCase, model_case
from bench.serving.open_loop import OpenLoad, OpenLoop
from bench.serving.prober import Probes, probing
from bench.serving.running import Running, free_port, running
from bench.spread import percentile
from components.evaluate.report.svg import Chart, Line

LOADS = (0.8, 1.0, 3.0)
CALLERS = 16  # the server's limit: more at once would be answered 503
LIST_ROWS = 30
MOST_GROWTH, MOST_WAIT, LEAST_SHARE = 2.0, 20.0, 0.9
STYLE = (
    "body{font:14px sans-serif;max-width:60em;margin:2em auto}.chart{width:100%;font-size:11px}.grid,.axis{stroke:#ccc}"
    ".line{fill:none;stroke-width:1.5}.new{stroke:#06c;color:#06c}.base{stroke:#c60;color:#c60}"
    ".third{stroke:#393;color:#393}p span{stroke:none}"
)


@dataclass(frozen=True)
class Stage:
    """One load: `multiple` of the capacity, which is requests a second; `cpu` are the server's seconds."""

    name: str
    multiple: float
    capacity: float
    load: OpenLoad
    probes: Probes
    cpu: float

    @property
    def share(self) -> float:
        """Accepted requests over the capacity."""
        return self.load.rate / self.capacity

    def milliseconds(self, share: float) -> float:
        """Of accepted requests."""
        return 1e3 * percentile(self.load.accepted, share)

    @property
    def refused(self) -> float:
        """Milliseconds within which 99 of 100 had their 503."""
        return 1e3 * percentile(self.load.shed, 0.99)


def stages(name: str, server: Running, requests: list[bytes], seconds: float, multiples: list[float]) -> list[Stage]:
    """The capacity, then each load for `seconds`."""
    closed_loop(server.address, requests, connections=CALLERS, seconds=seconds / 5)
    capacity = closed_loop(server.address, requests, connections=CALLERS, seconds=seconds).rate
    measured = []
    for multiple in multiples:
        gc.collect()
        gc.disable()  # a pause of the client would look like one of the server
        before = server.tree.cpu_seconds()
        with probing(server.address) as probes:
            load = OpenLoop(server.address, requests).run(rate=multiple * capacity, seconds=seconds)
        gc.enable()
        measured.append(Stage(name, multiple, capacity, load, probes, server.tree.cpu_seconds() - before))
    return measured


def goals(measured: list[Stage]) -> list[Goal]:
    """Of one kind of request, whose first stage is the load that it can bear."""
    calm, full = measured[0], measured[-1]
    at = f"{full.name}, {full.multiple:g} times the capacity"
    return [
        Goal(f"{at}: p99 of accepted over that at {calm.multiple:g}",
             full.milliseconds(0.99) / calm.milliseconds(0.99), MOST_GROWTH, " times"),
        Goal(f"{at}: 99 of 100 refusals within", full.refused, MOST_WAIT, " ms"),
        Goal(f"{at}: accepted over capacity", full.share, LEAST_SHARE, " times", at_most=False),
        Goal(f"{full.name}: probes that failed", sum(len(stage.probes.failures) for stage in measured), 0),
        Goal(f"{full.name}: requests without an answer",
             sum(sum(stage.load.failures.values()) for stage in measured), 0),
    ]  # fmt: skip


def table(measured: list[Stage]) -> Table:
    columns = (
        *(
            "times capacity",
            "due/s",
            "accepted/s",
            "of capacity",
            "p50 ms",
            "p99 ms",
            "503s",
            "503 p50 ms",
            "503 p99 ms",
        ),
        *("longest gap ms", "probes failed", "not sent", "client late p99 ms", "server CPU µs per accepted"),
    )
    drawn = Table(*columns, title=f"{measured[0].name}: capacity {measured[0].capacity:,.0f} requests a second")
    for stage in measured:
        load = stage.load
        drawn.add_row(
            f"{stage.multiple:g}",
            f"{stage.multiple * stage.capacity:,.0f}",
            f"{load.rate:,.0f}",
            f"{stage.share:.0%}",
            f"{stage.milliseconds(0.5):.2f}",
            f"{stage.milliseconds(0.99):.2f}",
            f"{len(load.shed):,}",
            f"{1e3 * percentile(load.shed, 0.5):.1f}",
            f"{stage.refused:.1f}",
            f"{1e3 * stage.probes.longest_gap:.0f}",
            f"{len(stage.probes.failures)}",
            f"{load.unsent:,}",
            f"{1e3 * percentile(load.lateness, 0.99):.1f}",
            f"{1e6 * stage.cpu / max(1, len(load.accepted)):.0f}",
        )
    return drawn


def plot(measured: list[Stage]) -> str:
    """How many of 100 accepted requests took less than so many milliseconds, a line per load."""
    shares = [number / 200 for number in range(200)] + [0.999]
    longest = 1.1 * max(stage.milliseconds(0.99) for stage in measured)
    lines = [
        Line(
            f"{stage.multiple:g} times the capacity",
            [(min(stage.milliseconds(share), longest), share) for share in shares],
            style,
        )
        for stage, style in zip(measured, ("new", "third", "base"), strict=False)
    ]
    name = measured[0].name
    drawn = Chart(
        name, "milliseconds until the answer", "share of accepted requests", lines, x_range=(0, longest)
    ).svg()
    legend = ", ".join(f'<span class="{line.style}">{line.name}</span>' for line in lines)
    return f"<h2>{name}</h2><p>{legend}</p>{drawn}"


def requests_of(case: ModelCase, rows: int) -> list[bytes]:
    starts = range(0, ROWS - rows + 1, max(rows, 3))
    return [Kamado().request(case, range(start, start + rows), columns=rows > 1) for start in starts]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=8, help="of every load, at most 120")
    parser.add_argument(
        "--loads", type=float, nargs="+", default=list(LOADS), help="times the capacity, the least first"
    )
    parser.add_argument("--plot", type=Path, default=Path("out/overload.html"), help="default: %(default)s")
    args = parser.parse_args()
    console, cores, seconds = Console(highlight=False, width=160), Cores.split(), min(args.seconds, 120)
    console.print(f"{cores}; {'both before' if take_priority() else 'disturbed by'} other work of this machine")
    reached, drawings = [], []
    with tempfile.TemporaryDirectory(prefix="kamado-bench-") as scratch:
        case, port = model_case(Path(scratch)), free_port()
        start = Kamado().start(server_environment(), port, case, Path(scratch))
        single, lists = requests_of(case, 1), requests_of(case, LIST_ROWS)
        cores.take_client()
        log = Path(scratch) / "server.log"
        with running(start.command, port, single[0], cores=cores, log=log, variables=start.variables) as server:
            for name, requests in (("single rows", single), (f"lists of {LIST_ROWS} rows", lists)):
                measured = stages(name, server, requests, seconds, sorted(args.loads))
                console.print(table(measured))
                for stage in measured:
                    for reason, number in stage.load.failures.items():
                        console.print(f"{stage.multiple:g} times: {number} requests failed: {reason}")
                reached += goals(measured)
                drawings.append(plot(measured))
    args.plot.parent.mkdir(parents=True, exist_ok=True)
    page = f"<!doctype html><meta charset=utf-8><title>Overload</title><style>{STYLE}</style>{''.join(drawings)}"
    args.plot.write_text(page, "utf-8")
    console.print(f"drawn: {args.plot}")
    return show(reached, console)


if __name__ == "__main__":
    sys.exit(main())
