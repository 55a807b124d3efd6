"""Rows of BigQuery to Parquet: `python bench/extract.py`.

On loopback, with the stand-in of the tests in this process and every extract in one of its own: the rate of the whole
step as a share of reading the same Arrow streams, and of writing them without a check; its memory with 20 times the
rows; an extract that is killed at a random moment and tried again with the same run; and streams that break. Exit code
1 when a goal is missed. Imports are done before a process is measured or killed: they bill nothing.
"""

import argparse
import random
import statistics
import sys
import tempfile
from collections import Counter
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path[0] = str(ROOT)  # the name of a bench is that of a library

import pyarrow as pa
import pyarrow.parquet as pq
from rich.console import Console
from rich.table import Table

from bench.extract_work import (
    CONTEXT,
    END,
    SQL,
    STREAMS,
    begun,
    extract_once,
    in_process,
    read_raw,
    served,
    spec,
    write_bare,
)  # fmt: skip
from components.extract.sources.bigquery import BigQuerySource
from components.extract.window import window
from model.errors import DataError
from tests.services.bigquery import LOCATION, PROJECT, Service, StreamFault
from tests.services.bigquery.faults import ENDS, EXPIRES, STATUSES, TORN

LEAST_SHARE, MOST_MEMORY = 0.8, 1.3


def rate(args: argparse.Namespace, folder: Path, console: Console) -> bool:
    table = Table("round", "read and dropped", "bare Parquet", "the step", title=f"Rows a second, of {args.rows:,}")
    of_raw, of_bare = [], []
    with served(args.rows, folder) as service:
        service.sessions.keeps_batches = True
        in_process(extract_once, service, "rate", folder / "first")  # the query runs here: it is not measured
        destination = next(iter(service.jobs.values())).resource["configuration"]["query"]["destinationTable"]
        result = f"projects/{PROJECT}/datasets/{destination['datasetId']}/tables/{destination['tableId']}"
        for number in range(args.rounds):
            raw = in_process(read_raw, service, result, folder)
            bare = in_process(write_bare, service, result, folder / f"bare{number}")
            step = in_process(extract_once, service, "rate", folder / f"out{number}")
            assert raw.rows == bare.rows == step.rows == args.rows, "all must read all rows"
            of_raw.append(step.rate / raw.rate)
            of_bare.append(step.rate / bare.rate)
            table.add_row(str(number + 1), *(f"{m.rate:,.0f} ({m.cpu:.2f} CPU s)" for m in (raw, bare, step)))
    console.print(table)
    share = statistics.median(of_raw)
    console.print(f"share of the rate of bare Parquet, median: {statistics.median(of_bare):.0%}")
    console.print(f"share of the rate without any Parquet, median: {share:.0%} (goal: at least {LEAST_SHARE:.0%})")
    return share >= LEAST_SHARE


def memory(args: argparse.Namespace, folder: Path, console: Console) -> bool:
    table, peaks = Table("rows", "peak memory", "seconds", "CPU", title="Memory of the step"), []
    for rows in (args.memory_rows, args.memory_rows * 20):
        with served(rows, folder / str(rows)) as service:
            step = in_process(extract_once, service, "memory", folder / f"memory{rows}")
        peaks.append(step.kilobytes)
        table.add_row(f"{rows:,}", f"{step.kilobytes / 1024:,.0f} MB", f"{step.seconds:.1f}", f"{step.cpu:.1f} s")
    console.print(table)
    growth = peaks[1] / peaks[0]
    console.print(f"peak memory, 20 times the rows: {growth:.2f} times (goal: at most {MOST_MEMORY})")
    return growth <= MOST_MEMORY


def kills(args: argparse.Namespace, folder: Path, console: Console) -> bool:
    """Each kill is a run of its own, tried again until it is done."""
    moments, wrong = Counter[str](), Counter[str]()
    chance = random.Random(args.seed)

    def is_whole(output: Path) -> bool:
        """A folder without extract.json is read by nobody."""
        return len(set(pq.read_table(output / "rows")["list_id"].to_pylist())) * 5 == args.kill_rows

    with served(args.kill_rows, folder, rows_per_message=2048) as service:
        whole = min(in_process(extract_once, service, f"warm{n}", folder / f"warm{n}").seconds for n in range(3))
        for number in range(args.kills):
            run, out = f"kill{number}", folder / f"kill{number}"
            calls = len(service.calls)
            with begun(extract_once, service, run, out) as (process, _):
                process.join(chance.uniform(0, whole * 1.05))
                process.kill()
            moments[_moment(service, run, out, calls)] += 1
            again = in_process(extract_once, service, run, folder / f"again{number}")
            jobs = Counter(job_id.split("-")[1] for job_id in _jobs_of(service, run))
            wrong["double billings"] += jobs["extract"] != 1 or jobs["check"] > 1
            outputs = [folder / f"again{number}", *([out] if (out / "extract.json").is_file() else [])]
            wrong["outputs without all rows"] += again.rows != args.kill_rows or not all(map(is_whole, outputs))
    table = Table("killed", "times", title=f"{args.kills} kills, each followed by another try of the same run")
    for moment, times in sorted(moments.items()):
        table.add_row(moment, str(times))
    for name in ("double billings", "outputs without all rows"):
        table.add_row(f"[bold]{name}", f"[bold]{wrong[name]}")
    console.print(table)
    return not any(wrong.values())


def _moment(service: Service, run: str, out: Path, calls: int) -> str:
    """How far it had come."""
    if (out / "extract.json").is_file():
        return "5 when it was done"
    jobs = _jobs_of(service, run)
    if any("-check-" in job_id for job_id in jobs):
        return "4 after the check of the keys had begun"
    if jobs:
        return "3 after the query had begun"
    return "2 in the dry runs" if len(service.calls) > calls else "1 before its first request"


def _jobs_of(service: Service, run: str) -> list[str]:
    labels = {job_id: job.resource["configuration"]["labels"] for job_id, job in service.jobs.items()}
    return [job_id for job_id, of_job in labels.items() if of_job.get("kamado-run") == run]


def breaks(args: argparse.Namespace, folder: Path, console: Console) -> bool:
    """Every fetch meets one to three faults of one kind at random messages."""
    chance, outcomes = random.Random(args.seed), Counter[tuple[str, str]]()
    kinds = (*STATUSES, ENDS, TORN, EXPIRES)
    document = spec()
    with served(args.break_rows, folder, rows_per_message=500) as service:
        expected = service.tables.get("logs", "impressions").rows
        source = BigQuerySource(PROJECT, LOCATION, dataset="logs", max_bytes_billed=10**11, run="breaks")
        for number in range(args.breaks):
            kind = kinds[number % len(kinds)]
            messages = args.break_rows // STREAMS // 500 + 1
            service.faults.streams[:] = [
                StreamFault(kind, chance.randint(0, messages)) for _ in range(chance.randint(1, 3))
            ]
            try:
                rows = pa.Table.from_batches(source.fetch(SQL, window(document, END)))
            except DataError:
                outcomes[kind, "error"] += 1
                continue
            order = [("list_id", "ascending"), ("position", "ascending")]
            is_whole = rows.sort_by(order).equals(expected.sort_by(order))
            outcomes[kind, "all rows" if is_whole else "other rows"] += 1
        billed = len(service.jobs)
    table = Table("fault", "all rows", "an error", "other rows", title=f"{args.breaks} fetches over streams that break")
    for kind in kinds:
        table.add_row(kind, *(str(outcomes[kind, outcome]) for outcome in ("all rows", "error", "other rows")))
    console.print(table)
    short = sum(times for (_, outcome), times in outcomes.items() if outcome == "other rows")
    console.print(f"short reads without an error: {short} (goal: 0); jobs that were billed: {billed}")
    return short == 0 and billed == 1


PARTS = {"rate": rate, "memory": memory, "kills": kills, "breaks": breaks}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", nargs="+", choices=PARTS, default=list(PARTS), help="parts to run")
    parser.add_argument("--rows", type=int, default=5_000_000, help="rows whose rate is measured")
    parser.add_argument("--rounds", type=int, default=3, help="rounds of that measurement")
    parser.add_argument("--memory-rows", type=int, default=1_000_000, help="rows of the smaller table of two")
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--kill-rows", type=int, default=200_000)
    parser.add_argument("--breaks", type=int, default=200)
    parser.add_argument("--break-rows", type=int, default=20_000)
    parser.add_argument("--seed", type=int, default=11, help="of the moments of kills and breaks")
    args = parser.parse_args()
    CONTEXT.set_forkserver_preload(["__main__", "bench.extract_work", "google.cloud.bigquery"])
    console = Console(highlight=False)
    reached = True
    for name in args.only:
        with tempfile.TemporaryDirectory() as folder:
            reached &= PARTS[name](args, Path(folder), console)
    console.print("every goal is reached" if reached else "a goal is missed")
    return 0 if reached else 1


if __name__ == "__main__":
    sys.exit(main())
