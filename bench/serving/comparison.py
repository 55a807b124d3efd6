"""The servers side by side: rounds of all of them, the table, and the goals that compare."""

import contextlib
import statistics
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from rich.console import Console
from rich.table import Table

from bench.goals import Goal
from bench.serving.contenders import CONTENDERS, Contender
from bench.serving.cores import Cores
from bench.serving.environments import site_packages
from bench.serving.measure import CASES, COLUMNS_1000, ONE_ROW, ROWS_1000, Case, Cost, check, cost
from bench.serving.model_case import ModelCase
from bench.serving.running import Running, free_port, running
from bench.spread import spread

MB = 1 << 20
MOST_ONE_ROW, LEAST_OVER_SDK, LEAST_OVER_FASTAPI = 150.0, 6.0, 4.0
MOST_COLUMNS, MOST_ROWS = 0.5, 1.0  # times the best peer
MOST_READY, MOST_RESIDENT = 2.0, 90.0


@dataclass(frozen=True)
class Footprint:
    """Processor seconds until ready, and megabytes: resident when ready, after the load, of the venv's packages."""

    ready: float
    resident: float
    loaded: float
    packages: float


@dataclass
class Comparison:
    """`costs` are those of every round."""

    costs: dict[tuple[str, Case], list[Cost]] = field(default_factory=lambda: defaultdict(list))
    footprints: dict[str, Footprint] = field(default_factory=dict)

    def cpu(self, name: str, case: Case) -> float:
        """The median of processor microseconds per row."""
        return statistics.median(cost.cpu for cost in self.costs[name, case])

    def ratio(self, name: str, case: Case) -> float:
        """How many times Kamado's processor time the other takes: the median of each round's ratio."""
        pairs = zip(self.costs[name, case], self.costs["Kamado", case], strict=True)
        return statistics.median(other.cpu / own.cpu for other, own in pairs)

    def goals(self) -> Iterator[Goal]:
        """Those of Kamado alone, then those against the others that were measured."""
        own = self.footprints["Kamado"]
        yield Goal("one row", self.cpu("Kamado", ONE_ROW), MOST_ONE_ROW, " µs")
        yield Goal("ready", own.ready, MOST_READY, " CPU s")
        yield Goal("resident when ready", own.resident, MOST_RESIDENT, " MB")
        peers = [name for name in self.footprints if name != "Kamado"]
        for name in peers:
            least = LEAST_OVER_FASTAPI if name == "FastAPI" else LEAST_OVER_SDK
            yield Goal(f"one row, {name} over Kamado", self.ratio(name, ONE_ROW), least, " times", at_most=False)
        if peers:
            best = min(peers, key=lambda name: self.cpu(name, ROWS_1000))
            least_cpu = self.cpu(best, ROWS_1000)
            for case, most in ((COLUMNS_1000, MOST_COLUMNS), (ROWS_1000, MOST_ROWS)):
                share = self.cpu("Kamado", case) / least_cpu
                yield Goal(f"{case.name}, Kamado over {best}", share, most, " times")

    def show(self, console: Console) -> None:
        table = Table("server", *(case.name for case in CASES), title="Processor microseconds of the server per row")
        for name in self.footprints:
            cells = (self.costs.get((name, case)) for case in CASES)
            table.add_row(name, *(spread([cost.cpu for cost in cell], digits=1) if cell else "" for cell in cells))
        console.print(table)
        table = Table("server", "p50 ms", "p99 ms", "requests/s", "ready CPU s", "MB ready", "MB loaded", "venv MB")
        for name, size in self.footprints.items():
            of_one = self.costs[name, ONE_ROW]
            waits = [statistics.median(values) / 1000 for values in zip(*((c.p50, c.p99) for c in of_one), strict=True)]
            table.add_row(
                name,
                *(f"{wait:.2f}" for wait in waits),
                f"{statistics.median(cost.rate for cost in of_one):,.0f}",
                f"{size.ready:.2f}",
                *(f"{megabytes:.0f}" for megabytes in (size.resident, size.loaded, size.packages)),
            )
        console.print(table)


def compare(
    names: Sequence[str],
    case: ModelCase,
    scratch: Path,
    cores: Cores,
    console: Console,
    *,
    rounds: int,
    seconds: float,
) -> Comparison:
    """All servers run through all rounds. Raises RuntimeError where one does not start or answers otherwise."""
    comparison, venvs = Comparison(), {}
    for name in names:
        console.print(f"environment of {name}")
        venvs[name] = CONTENDERS[name].environment()
    with contextlib.ExitStack() as stack:
        servers: dict[str, Running] = {}
        for name in names:
            servers[name] = stack.enter_context(_started(CONTENDERS[name], venvs[name], case, scratch, cores))
            for body in _bodies(CONTENDERS[name]):
                check(CONTENDERS[name], servers[name], body, case)
        for number in range(rounds):
            for body in CASES:
                for name in names:
                    if body in _bodies(CONTENDERS[name]):
                        measured = cost(CONTENDERS[name], servers[name], body, case, seconds)
                        comparison.costs[name, body].append(measured)
            shown = (f"{name} {comparison.costs[name, ONE_ROW][-1].cpu:.0f}" for name in names)
            console.print(f"round {number + 1}, µs for one row: {', '.join(shown)}")
        for name in names:
            server = servers[name]
            megabytes = (server.ready_resident, server.tree.resident_bytes(), site_packages(venvs[name]))
            comparison.footprints[name] = Footprint(server.ready_cpu, *(size / MB for size in megabytes))
    return comparison


def _bodies(contender: Contender) -> list[Case]:
    return [case for case in CASES if contender.takes_columns or not case.columns]


@contextlib.contextmanager
def _started(contender: Contender, venv: Path, case: ModelCase, scratch: Path, cores: Cores) -> Iterator[Running]:
    port = free_port()
    start = contender.start(venv, port, case, scratch)
    first = contender.request(case, range(1), columns=False)
    log = scratch / f"{contender.name}.log"
    with running(start.command, port, first, cores=cores, log=log, variables=start.variables) as server:
        yield server
