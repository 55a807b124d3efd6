"""Processor time and memory of evaluate: `python bench/evaluate.py`.

Simulates the rental portal, trains on it once with the spec's budget cut to one trial, repeats the rows of its test
split as lists of other users, and evaluates 100,000 and 1,000,000 of them, each in a process of its own. What is
measured is the time of the processor, start and imports included, and the peak memory. Exit code 1 when a goal is
missed.
"""

import argparse
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path[0] = str(ROOT)

import duckdb
from rich.console import Console

from components.extract.extract import extract
from components.extract.window import window
from components.preprocess.preprocess import preprocess
from components.train.train import train
from examples.rental_portal.simulate import Portal, simulate
from model.spec.reader import read_spec

SPEC = ROOT / "examples" / "rental_portal"
SIZES = (100_000, 1_000_000)
MOST_GROWTH = 0.4  # KB of peak memory for each row more
LISTS, DAYS, SEED = 40_000, 90, 7

EVALUATE = """
import json, re, resource, sys
from pathlib import Path
from components.evaluate.evaluate import evaluate
from components.evaluate.inputs import EvaluationInputs, InputFolders
from model.spec.reader import read_spec
folder, splits = Path(sys.argv[2]), Path(sys.argv[3])
folders = InputFolders(bundle=folder / "trained" / "bundle", splits=splits, training=folder / "trained",
                       extracted=folder / "rows")
evaluate(read_spec(Path(sys.argv[1])), folders, Path(sys.argv[4]), progress=lambda *_: None, threads=1)
used = resource.getrusage(resource.RUSAGE_SELF)
print(json.dumps({"seconds": used.ru_utime + used.ru_stime,
                  "megabytes": int(re.search(r"VmHWM:\\s+(\\d+)", Path("/proc/self/status").read_text())[1]) / 1024}))
"""


@dataclass(frozen=True)
class Usage:
    """`seconds` are the processor's, `megabytes` the peak of the process."""

    seconds: float
    megabytes: float


def quiet(*_: object) -> None:
    pass


def trained(folder: Path) -> None:
    """`rows`, `splits` and `trained` in `folder`."""
    simulate(Portal(LISTS, DAYS, SEED, truth=False), folder / "portal", progress=quiet)
    spec = read_spec(SPEC)
    source = f"duckdb:{folder / 'portal' / 'data'}"
    extract(spec, source, window(spec, str(spec.source.end)), folder / "rows", progress=quiet)
    preprocess(spec, folder / "rows", folder / "splits", progress=quiet)
    budget = {"trials": 1, "minutes": 10.0, "threads": 2}
    train(spec, folder / "splits", folder / "rows", folder / "trained", **budget, progress=quiet)


def with_test_rows(folder: Path, rows: int) -> Path:
    """The splits with so many test rows: the same ones again and again, as lists of other users."""
    splits = folder / f"splits-{rows}"
    shutil.copytree(folder / "splits", splits)
    test, other = folder / "splits" / "test.parquet", splits / "test.parquet"
    ids = ", ".join(f"{name} || '-' || copy AS {name}" for name in ("list_id", "user_id"))
    with duckdb.connect() as connection:
        (count,) = connection.execute("SELECT count(*) FROM read_parquet($1)", [str(test)]).fetchall()[0]
        copies = -(-rows // count)
        repeated = f"SELECT rows.* REPLACE ({ids}) FROM '{test}' AS rows, range({copies}) AS copies(copy)"
        connection.execute(f"COPY ({repeated} ORDER BY copy, shown_at LIMIT {rows}) TO '{other}' (FORMAT parquet)")
    return splits


def measured(folder: Path, splits: Path) -> Usage:
    with tempfile.TemporaryDirectory(dir=folder) as out:
        command = [sys.executable, "-c", EVALUATE, str(SPEC), str(folder), str(splits), out]
        environment = {**os.environ, "OMP_NUM_THREADS": "1"}
        done = subprocess.run(command, cwd=ROOT, env=environment, check=True, stdout=subprocess.PIPE, text=True)
    return Usage(**json.loads(done.stdout.splitlines()[-1]))


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=3, help="rounds of both sizes")
    args = parser.parse_args()
    console = Console(highlight=False)
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        trained(folder)
        splits = {rows: with_test_rows(folder, rows) for rows in SIZES}
        usages: dict[int, list[Usage]] = {rows: [] for rows in SIZES}
        for _ in range(args.rounds):
            for rows in SIZES:
                usages[rows].append(measured(folder, splits[rows]))
    for rows, usage_of in usages.items():
        seconds, megabytes = [usage.seconds for usage in usage_of], [usage.megabytes for usage in usage_of]
        span = f"{statistics.median(seconds):.1f} s ({min(seconds):.1f} to {max(seconds):.1f})"
        console.print(f"{rows:,} rows: {span}, {statistics.median(megabytes):,.0f} MB")
    few, many = (statistics.median(usage.megabytes for usage in usages[rows]) for rows in SIZES)
    growth = (many - few) * 1024 / (SIZES[1] - SIZES[0])
    console.print(f"memory for each row more: {growth:.2f} KB (goal: at most {MOST_GROWTH})")
    return 0 if growth <= MOST_GROWTH else 1


if __name__ == "__main__":
    sys.exit(main())
