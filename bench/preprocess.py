"""Memory and speed of extract + preprocess: `python bench/preprocess.py`.

Simulates portals of 2 M and 20 M impressions and runs both steps on each, every step in its own process as in the
pipeline. Prints how peak memory and time grow with ten times the rows, and the rows a second compared with the same
work in pandas (bench/pandas_reference.py, in a throwaway environment: pandas is no dependency of Kamado). Exit code 1
when a goal is missed.
"""

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from rich.console import Console

ROOT = Path(__file__).resolve().parents[1]
PANDAS = ("pandas==3.1.1", "pyarrow==26.0.1", "numpy==2.4.6", "python-dateutil==2.9.0.post0", "six==1.17.0")
MOST_MEMORY, MOST_TIME, LEAST_SPEED = 1.3, 12.0, 5.0

STEP = """
import json, resource, sys, time
from pathlib import Path
began = time.monotonic()
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
print(json.dumps({"seconds": time.monotonic() - began, "kilobytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss,
                  "rows": json.loads((out / "rows" / "extract.json").read_text())["rows"]}))
"""


def measured(command: list[str]) -> dict[str, float]:
    done = subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.PIPE, text=True)
    measurement: dict[str, float] = json.loads(done.stdout.strip().splitlines()[-1])
    return measurement


def ours(data: Path) -> dict[str, float]:
    """Seconds of both steps together, and the peak of the larger one."""
    with tempfile.TemporaryDirectory(dir=data.parent) as out:
        steps = [measured([sys.executable, "-c", STEP, step, str(data), out]) for step in ("extract", "preprocess")]
    seconds, peak = sum(step["seconds"] for step in steps), max(step["kilobytes"] for step in steps)
    return {"seconds": seconds, "kilobytes": peak, "rows": steps[0]["rows"]}


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


def spread(values: list[float]) -> str:
    return f"{statistics.median(values):.2f} ({min(values):.2f} to {max(values):.2f})"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=2_000_000, help="impressions of the smaller portal")
    parser.add_argument("--rounds", type=int, default=3, help="rounds of every measurement")
    parser.add_argument("--no-pandas", action="store_true", help="leave pandas out")
    args = parser.parse_args()
    console = Console(highlight=False)
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        small, large = portal(folder / "1", args.rows), portal(folder / "10", args.rows * 10)
        memory, seconds, speed = [], [], []
        python = None if args.no_pandas else pandas(folder / "venv")
        for number in range(args.rounds):
            once, ten = ours(small), ours(large)
            memory.append(ten["kilobytes"] / once["kilobytes"])
            seconds.append(ten["seconds"] / once["seconds"])
            console.print(
                f"round {number + 1}: {once['rows']:,.0f} rows {once['seconds']:.1f} s, {peak_memory(once)}; ", end=""
            )
            console.print(f"{ten['rows']:,.0f} rows {ten['seconds']:.1f} s, {peak_memory(ten)}", end="")
            if python:
                other = measured([str(python), "bench/pandas_reference.py", str(small)])
                assert other["rows"] == once["rows"], "pandas must do the same work"
                speed.append(other["seconds"] / once["seconds"])
                console.print(
                    f"; pandas {once['rows']:,.0f} rows {other['seconds']:.1f} s, {peak_memory(other)}", end=""
                )
            console.print()
            time.sleep(0.5)
    console.print(f"peak memory, 10 times the rows: {spread(memory)} times (goal: at most {MOST_MEMORY})")
    console.print(f"time, 10 times the rows: {spread(seconds)} times (goal: at most {MOST_TIME:g})")
    reached = statistics.median(memory) <= MOST_MEMORY and statistics.median(seconds) <= MOST_TIME
    if speed:
        console.print(f"rows a second against pandas: {spread(speed)} times (goal: at least {LEAST_SPEED:g})")
        reached &= statistics.median(speed) >= LEAST_SPEED
    console.print("every goal is reached" if reached else "a goal is missed")
    return 0 if reached else 1


def peak_memory(measurement: dict[str, float]) -> str:
    return f"{measurement['kilobytes'] / 1024:,.0f} MB at most"


if __name__ == "__main__":
    sys.exit(main())
