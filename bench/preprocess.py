"""Processor time and memory of extract + preprocess: `python bench/preprocess.py`.

Simulates portals of 2 M and 20 M impressions and runs both steps on each, every step in its own process as in the
pipeline, between repetitions of the same work in bare DuckDB (bench/duckdb_reference.py) and, on the small portal, in
pandas (bench/pandas_reference.py, in a throwaway environment: pandas is no dependency of Kamado). What is compared is
the time of the processors, start and imports included, because other work on the machine changes it least. Exit code 1
when a goal is missed.
"""

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path[0] = str(ROOT)  # in place of this folder, whose packaging.py is not the library of that name

from rich.console import Console

from bench.spread import spread

PANDAS = ("pandas==3.1.1", "pyarrow==26.0.1", "numpy==2.4.6", "python-dateutil==2.9.0.post0", "six==1.17.0")
MOST_PROCESSOR, MOST_MEMORY = 1.5, 1.3

STEP = """
import json, resource, sys
from pathlib import Path
from model.spec.reader import read_spec
spec, data, out = read_spec(Path("examples/rental_portal")), sys.argv[2], Path(sys.argv[3])
quiet = lambda *_: None
if sys.argv[1] == "extract":
    from components.extract.extract import extract
    from components.extract.window import window
    extract(spec, f"duckdb:{data}", window(spec, str(spec.source.end)), out / "rows", progress=quiet)
else:
    from components.preprocess.preprocess import preprocess
    preprocess(spec, out / "rows", out / "splits", progress=quiet)
used = resource.getrusage(resource.RUSAGE_SELF)
print(json.dumps({"cpu": used.ru_utime + used.ru_stime, "kilobytes": used.ru_maxrss,
                  "rows": json.loads((out / "rows" / "extract.json").read_text())["rows"]}))
"""


@dataclass(frozen=True)
class Usage:
    """`processor` in seconds, user and system; `memory` is the peak of a process in MB."""

    processor: float
    memory: float
    rows: int

    def __str__(self) -> str:
        return f"{self.processor:.1f} s, {self.memory:,.0f} MB"


def measured(command: list[str]) -> Usage:
    done = subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.PIPE, text=True)
    answer = json.loads(done.stdout.strip().splitlines()[-1])
    return Usage(answer["cpu"], answer["kilobytes"] / 1024, answer["rows"])


def ours(data: Path) -> Usage:
    """The time of both steps, and the peak of the larger one."""
    with tempfile.TemporaryDirectory(dir=data.parent) as out:
        steps = [measured([sys.executable, "-c", STEP, step, str(data), out]) for step in ("extract", "preprocess")]
    return Usage(sum(step.processor for step in steps), max(step.memory for step in steps), steps[0].rows)


def reference(python: str | Path, name: str) -> Callable[[Path], Usage]:
    return lambda data: measured([str(python), f"bench/{name}_reference.py", str(data)])


def portal(folder: Path, impressions: int) -> Path:
    lists = str(impressions // 20)
    command = [sys.executable, "-m", "cli", "simulate", str(folder), "--lists", lists, "--no-truth"]
    subprocess.run(command, cwd=ROOT, check=True)
    return folder / "data"


def pandas(folder: Path) -> Path:
    """An environment with pandas, thrown away with the folder."""
    subprocess.run([sys.executable, "-m", "venv", folder], check=True)
    python = folder / "bin" / "python"
    install = [python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-deps", *PANDAS]
    subprocess.run(install, check=True)
    return python


class Comparison:
    """Rounds over one portal: in each, all do the same work one after the other."""

    def __init__(self, data: Path, others: dict[str, Callable[[Path], Usage]], console: Console) -> None:
        self._data, self._ways, self._console = data, {"Kamado": ours, **others}, console
        self.usage: dict[str, list[Usage]] = {name: [] for name in self._ways}

    def round(self) -> None:
        for name, way in self._ways.items():
            self.usage[name].append(way(self._data))
        last = {name: usage[-1] for name, usage in self.usage.items()}
        assert len({usage.rows for usage in last.values()}) == 1, "all must do the same work"
        shown = "; ".join(f"{name} {usage}" for name, usage in last.items())
        self._console.print(f"{last['Kamado'].rows:,} rows: {shown}")

    def ratios(self, name: str) -> list[float]:
        """Kamado's processor time divided by the other's, round by round."""
        pairs = zip(self.usage["Kamado"], self.usage[name], strict=True)
        return [own.processor / other.processor for own, other in pairs]

    @property
    def memory(self) -> float:
        """Kamado's median in MB."""
        return statistics.median(usage.memory for usage in self.usage["Kamado"])


def results(small: Comparison, large: Comparison | None, console: Console) -> Iterator[bool]:
    """Whether each goal is reached."""
    for comparison in filter(None, (small, large)):
        rows = comparison.usage["Kamado"][0].rows
        for name in [name for name in comparison.usage if name != "Kamado"]:
            ratios = comparison.ratios(name)
            goal = f" (goal: at most {MOST_PROCESSOR})" if name == "DuckDB" else ""
            console.print(f"{rows:,} rows, processor time against {name}: {spread(ratios)} times{goal}")
            yield name != "DuckDB" or statistics.median(ratios) <= MOST_PROCESSOR
    if large:
        growth = large.memory / small.memory
        console.print(f"peak memory, 10 times the rows: {growth:.2f} times (goal: at most {MOST_MEMORY})")
        yield growth <= MOST_MEMORY


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=2_000_000, help="impressions of the smaller portal")
    parser.add_argument("--rounds", type=int, default=3, help="rounds of every measurement")
    parser.add_argument("--only-small", action="store_true", help="leave out ten times the rows")
    parser.add_argument("--no-pandas", action="store_true", help="leave pandas out")
    args = parser.parse_args()
    console = Console(highlight=False)
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        duckdb = {"DuckDB": reference(sys.executable, "duckdb")}
        others = dict(duckdb)
        if not args.no_pandas:
            others["pandas"] = reference(pandas(folder / "venv"), "pandas")
        small = Comparison(portal(folder / "1", args.rows), others, console)
        large = None if args.only_small else Comparison(portal(folder / "10", args.rows * 10), duckdb, console)
        for _ in range(args.rounds):
            small.round()
            if large:
                large.round()
        reached = all(list(results(small, large, console)))
    console.print("every goal is reached" if reached else "a goal is missed")
    return 0 if reached else 1


if __name__ == "__main__":
    sys.exit(main())
