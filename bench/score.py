"""Rows per processor second and memory of bulk scoring: `python bench/score.py`.

Scores Parquet files into a Parquet file with one synthetic model (600 trees of depth 6, a third of its inputs
categories), as `kamado score` does, each time in a process of its own: with the kernel and with XGBoost in turn, and
with the kernel five times as many rows. Rows per second are those of one processor: user and system time of the
process while it scores. Exit code 1 when a goal is missed.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path[0] = str(ROOT)

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from rich.console import Console

from bench.serving.model_case import model_case
from bench.spread import spread
from model.bundle.bundle import load
from model.bundle.features import CategoryFeature, Feature

LEAST_ROWS_PER_SECOND, MOST_GROWTH = 200_000, 1.1
TIMES = 5
SHARE_MISSING, SHARE_UNKNOWN = 0.03, 0.01

SCORE = """
import json, re, sys, time
from pathlib import Path
from components.score.score import score
began = time.process_time()
summary = score(Path(sys.argv[1]), Path(sys.argv[2]), Path(sys.argv[3]), ids=["id"], progress=lambda *_: None,
                engine=sys.argv[4])
seconds = time.process_time() - began
print(json.dumps({"engine": summary.engine, "rows": summary.rows, "seconds": seconds,
                  "megabytes": int(re.search(r"VmHWM:\\s+(\\d+)", Path("/proc/self/status").read_text())[1]) / 1024}))
"""


@dataclass(frozen=True)
class Usage:
    """`seconds` are the processor's, `megabytes` the peak of the process."""

    engine: str
    rows: int
    seconds: float
    megabytes: float

    @property
    def rows_per_second(self) -> float:
        return self.rows / self.seconds


def column(feature: Feature, rows: int, random: np.random.Generator) -> pa.Array:
    """Values of the range of training and a few that are missing or unknown."""
    missing = random.random(rows) < SHARE_MISSING
    if isinstance(feature, CategoryFeature):
        known = len(feature.categories)
        codes = np.where(random.random(rows) < SHARE_UNKNOWN, known, random.integers(0, known, rows))
        return pa.array(np.array([*feature.categories, "unknown"])[codes], mask=missing)
    low, high = feature.minimum or 0.0, feature.maximum or 1.0
    return pa.array(np.round(low + (high - low) * random.random(rows) ** 3, 2), mask=missing)


def write_rows(bundle: Path, folder: Path, rows: int) -> None:
    random = np.random.default_rng(20)
    columns = {feature.name: column(feature, rows, random) for feature in load(bundle).manifest.inputs}
    folder.mkdir()
    pq.write_table(pa.table({"id": np.arange(rows), **columns}), folder / "part-0.parquet", row_group_size=131_072)


def repeated(folder: Path, times: int) -> Path:
    """A folder with the same file several times."""
    other = folder.with_name(f"{folder.name}-{times}")
    other.mkdir()
    for index in range(times):
        os.link(folder / "part-0.parquet", other / f"part-{index}.parquet")
    return other


def measured(bundle: Path, data: Path, out: Path, engine: str) -> Usage:
    command = [sys.executable, "-c", SCORE, str(bundle), str(data), str(out), engine]
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    done = subprocess.run(command, cwd=ROOT, env=environment, check=True, stdout=subprocess.PIPE, text=True)
    usage = Usage(**json.loads(done.stdout.splitlines()[-1]))
    assert usage.engine == engine, f"{usage.engine} scored in place of {engine}"
    return usage


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=1_000_000, help="rows of the small measurement")
    parser.add_argument("--rounds", type=int, default=3, help="rounds of both engines")
    args = parser.parse_args()
    console = Console(highlight=False)
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        bundle, data, out = model_case(folder).bundle, folder / "rows", folder / "scores.parquet"
        write_rows(bundle, data, args.rows)
        usages: dict[str, list[Usage]] = {"kernel": [], "xgboost": []}
        written = set()
        for _ in range(args.rounds):
            for engine, usage in usages.items():
                usage.append(measured(bundle, data, out, engine))
                written.add(out.read_bytes())
        large = measured(bundle, repeated(data, TIMES), out, "kernel")
    speeds = {engine: [usage.rows_per_second for usage in usage_of] for engine, usage_of in usages.items()}
    for engine, speed in speeds.items():
        console.print(f"{engine}: {spread(speed, digits=0)} rows a second and core, {args.rows:,} rows")
    ratios = [ours / theirs for ours, theirs in zip(speeds["kernel"], speeds["xgboost"], strict=True)]
    console.print(f"kernel to xgboost: {statistics.median(ratios):.1f} ({min(ratios):.1f} to {max(ratios):.1f})")
    small = statistics.median(usage.megabytes for usage in usages["kernel"])
    console.print(f"peak memory: {small:,.0f} MB; {large.rows:,} rows: {large.megabytes:,.0f} MB")
    console.print(f"files of both engines: {'the same bytes' if len(written) == 1 else 'different'}")
    reached = (
        statistics.median(speeds["kernel"]) >= LEAST_ROWS_PER_SECOND
        and large.megabytes <= MOST_GROWTH * small
        and len(written) == 1
    )
    console.print("every goal is reached" if reached else "a goal is missed")
    return 0 if reached else 1


if __name__ == "__main__":
    sys.exit(main())
