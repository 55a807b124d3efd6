"""Memory and processor time of training by the number of rows: `python bench/size.py`.

Writes splits of simulated rows with 40 features, a fifth of them categories, and trains on each number of them in
processes of their own: with all encoded rows in memory, and with more than IN_MEMORY bytes of them in files, which is
what a step does. A process reads the rows, divides them as the search does, and fits ROUNDS rounds of one trial, the
logistic regression that members begin from, and ROUNDS rounds of one member. Memory is that of the process alone
(anonymous pages, the highest of all looks), less what it had before it read a row; pages of files that the kernel keeps
are not counted, because it gives them back. A value is one feature of one row of the train split. Exit code 1 when what
a step does takes more than MOST bytes for a value, or when the two give other trees.
"""

import argparse
import hashlib
import json
import multiprocessing
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path[0] = str(ROOT)

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from rich.console import Console
from rich.table import Table

from artifacts.split import NegativeSampling, SplitCounts, SplitCountsByName, SplitName, SplitSummary, split_file
from components.train.inputs import TrainingInputs, read_inputs
from components.train.row_arrays import IN_MEMORY
from components.train.validation import validation
from model.spec.types import Spec
from tests.logs import spec_of

SIZES = (250_000, 1_000_000)
FEATURES, LEVELS, SEED = 40, 12, 7
ROUNDS = 5
MOST = 1.15  # bytes for a value
BLOCK = 250_000  # rows
SETTING = {"eta": 0.1, "max_depth": 6, "seed": SEED}
LOOK = 0.005  # seconds
THREADS = 2
STRENGTH = 0.3
CONTEXT = multiprocessing.get_context("spawn")


@dataclass(frozen=True)
class Usage:
    """Of one process: bytes above its base, processor seconds of reading, of the folds with their logistic regressions
    and of ROUNDS rounds; and the digest of its trees."""

    rows: int
    where: str
    bytes: int
    reading: float
    folds: float
    rounds: float
    trees: str

    @property
    def bytes_of_a_value(self) -> float:
        return self.bytes / (self.rows * FEATURES)


def names() -> list[str]:
    return [f"f{number:02}" for number in range(FEATURES)]


def spec() -> Spec:
    kinds = {name: "category" if number % 5 == 0 else "number" for number, name in enumerate(names())}
    columns = {"label": "inquired", "time": "shown_at", "list": "list_id"}
    return spec_of(features={name: {"kind": kind} for name, kind in kinds.items()}, columns=columns, reject=[])


def write_splits(folder: Path, rows: int) -> None:
    """A train split of so many rows, and a calibration split of a tenth as many."""
    random = np.random.default_rng(SEED)
    counts: dict[SplitName, int] = {"train": rows, "calibration": rows // 10, "test": rows // 10}
    positives = {}
    for split, count in counts.items():
        writer, positives[split] = None, 0
        for start in range(0, count, BLOCK):
            table = _rows(random, start, min(BLOCK, count - start))
            positives[split] += int(np.sum(table["inquired"].to_numpy()))
            writer = writer or pq.ParquetWriter(split_file(folder, split), table.schema)
            writer.write_table(table)
        assert writer
        writer.close()
    of_splits = {
        name: SplitCounts(rows=count, positives=positives[name], lists=None, users=None, first=None, last=None)
        for name, count in counts.items()
    }
    sampling = NegativeSampling(negatives_before=1, negatives_after=1, kept_negatives=1)
    SplitSummary(
        by="time", cuts=None, splits=SplitCountsByName(**of_splits), gap=0, purged=0, sampling=sampling, cutoff=""
    ).write(folder)


def _rows(random: np.random.Generator, start: int, count: int) -> pa.Table:
    columns: dict[str, pa.Array] = {}
    margin = np.full(count, -3.0)
    for number, name in enumerate(names()):
        if number % 5 == 0:
            codes = random.integers(0, LEVELS, count).astype(np.int8)
            columns[name] = pa.DictionaryArray.from_arrays(codes, [f"level {level}" for level in range(LEVELS)])
            margin += (codes == number % LEVELS) * 0.5
        else:
            columns[name] = pa.array(np.round(random.normal(size=count), 3))
            margin += columns[name].to_numpy() * (0.5 if number < 8 else 0.0)
    moments = 1_780_000_000 * 10**6 + np.arange(start, start + count) * 10**6
    columns["inquired"] = pa.array((random.random(count) < 1 / (1 + np.exp(-margin))).astype(np.int64))
    columns["list_id"] = pa.array(np.arange(start, start + count) // 10).cast(pa.string())
    columns["shown_at"] = pa.array(moments, pa.timestamp("us", "UTC"))
    return pa.table(columns)


def measured(folder: Path, in_memory: int) -> Usage:
    """In this process: of the splits in `folder`."""
    split = SplitSummary.read(folder)
    began, base = time.process_time(), anonymous_bytes()
    with tempfile.TemporaryDirectory(dir=folder) as temporary, highest_memory() as peak:
        inputs = read_inputs(spec(), folder, split, threads=THREADS, temporary=Path(temporary), in_memory=in_memory)
        read = time.process_time()
        (fold,) = validation(inputs).folds
        divided = time.process_time()
        fold.begin("trees")
        inputs.engine.boost([fold.rows], inputs.features, SETTING, lambda number, _: number + 1 >= ROUNDS)
        del fold  # as the search leaves its folds, whose pages are in the folder
        inputs.design.fit(strength=STRENGTH)
        trees = member(inputs)
    ended = time.process_time()
    seconds = {"reading": read - began, "folds": divided - read, "rounds": ended - divided}
    where = "memory" if in_memory > IN_MEMORY else "files"
    digest = hashlib.sha256(trees).hexdigest()
    return Usage(split.rows["train"], where, max(peak) - base, **seconds, trees=digest)


def member(inputs: TrainingInputs) -> bytes:
    """As the ensemble's members are fitted: on four of five folds."""
    rows = inputs.train
    chosen = rows.group.over(lambda group: group % 5 != 0)
    prepared = inputs.engine.prepare(rows, inputs.features, chosen)
    prepared.begin_at(np.zeros(np.count_nonzero(chosen), np.float32))
    return inputs.engine.fit(prepared, inputs.features, SETTING, ROUNDS)


def anonymous_bytes() -> int:
    status = Path("/proc/self/status").read_text()
    return int(status.partition("RssAnon:")[2].split()[0]) * 1024


@contextmanager
def highest_memory() -> Iterator[list[int]]:
    """What is added to the list by looks of a thread."""
    looks, over = [anonymous_bytes()], threading.Event()

    def look() -> None:
        while not over.wait(LOOK):
            looks[0] = max(looks[0], anonymous_bytes())

    thread = threading.Thread(target=look)
    thread.start()
    try:
        yield looks
    finally:
        over.set()
        thread.join()


def in_a_process(folder: Path, in_memory: int) -> Usage:
    with CONTEXT.Pool(1) as pool:
        return pool.apply(measured, (folder, in_memory))


def table(usages: list[Usage]) -> Table:
    table = Table(
        *("rows", "encoded rows in", "MB", "bytes a value", "read, s", "folds, s", f"{2 * ROUNDS} rounds, line, s")
    )
    for usage in usages:
        seconds = [f"{value:.1f}" for value in (usage.reading, usage.folds, usage.rounds)]
        table.add_row(
            *(f"{usage.rows:,}", usage.where, f"{usage.bytes / 1e6:,.0f}", f"{usage.bytes_of_a_value:.2f}", *seconds)
        )
    return table


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, nargs="+", default=SIZES, help="of the train split")
    parser.add_argument("--files-only", action="store_true", help="without the runs in memory")
    parser.add_argument("--json", action="store_true")
    args = parser.parse_args()
    usages: list[Usage] = []
    for rows in args.rows:
        with tempfile.TemporaryDirectory() as temporary:
            folder = Path(temporary)
            write_splits(folder, rows)
            limits = [IN_MEMORY] if args.files_only else [IN_MEMORY, sys.maxsize]
            usages += [in_a_process(folder, limit) for limit in limits]
    most = max(usage.bytes_of_a_value for usage in usages if usage.where == "files")
    alike = len({(usage.rows, usage.trees) for usage in usages}) == len(args.rows)
    if args.json:
        print(json.dumps([asdict(usage) | {"bytes_of_a_value": usage.bytes_of_a_value} for usage in usages]))
    else:
        console = Console(highlight=False)
        console.print(table(usages))
        if not args.files_only:
            console.print(f"trees in memory and in files: {'the same' if alike else 'MISSED, they differ'}")
        console.print(f"{'' if most <= MOST else 'MISSED '}most bytes of a value in files: {most:.2f} (goal: {MOST})")
    return 0 if alike and most <= MOST else 1


if __name__ == "__main__":
    sys.exit(main())
