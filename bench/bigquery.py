"""From BigQuery to an image: `python bench/bigquery.py`.

Starts the stand-in for BigQuery on loopback over the tables of a simulated portal, and runs `make run` twice as a
person would: with DATA, and with BIGQUERY. Prints for each its exit code, its rows, the bytes that were billed, the
digest of its bundle and its image. Exit code 1 when a run is not promoted or the two bundles are not the same.
"""

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from artifacts.extract import Extract
from tests.services.bigquery import LOCATION, PROJECT, bigquery

LISTS, TRIALS = "12000", "5"


@dataclass(frozen=True)
class Run:
    """What one `make run` gave. `image` is empty where there is none."""

    exit_code: int
    backend: str
    rows: int
    bytes_billed: int
    bundle: str
    image: str


def main() -> int:
    with tempfile.TemporaryDirectory(prefix="kamado-bench-") as scratch:
        folder = Path(scratch)
        command = [sys.executable, "-m", "cli", "simulate", folder / "portal", "--lists", LISTS]
        subprocess.run(command, cwd=ROOT, check=True)
        (folder / "tables").mkdir()
        data = folder / "portal" / "data"
        (folder / "tables" / "portal").symlink_to(data)
        with bigquery(folder / "tables") as service:
            hosts = {
                "BIGQUERY_EMULATOR_HOST": service.url,
                "BIGQUERY_STORAGE_EMULATOR_HOST": service.storage_address,
            }
            runs = {
                f"DATA={data}": make(folder / "files", {"DATA": str(data)}),
                f"BIGQUERY={PROJECT}.portal@{LOCATION}": make(
                    folder / "bigquery", {"BIGQUERY": f"{PROJECT}.portal@{LOCATION}", **hosts}
                ),
            }
    for name, run in runs.items():
        print(f"\nmake run {name}")
        print(f"  exit code {run.exit_code}; {run.rows:,} rows by {run.backend}, {run.bytes_billed:,} bytes billed")
        print(f"  bundle {run.bundle}\n  image  {run.image}")
    same = len({run.bundle for run in runs.values()}) == 1
    print(f"\nboth bundles are {'the same' if same else 'not the same'}")
    return 0 if same and not any(run.exit_code for run in runs.values()) else 1


def make(out: Path, variables: Mapping[str, str]) -> Run:
    words = [f"{name}={value}" for name, value in variables.items() if not name.startswith("BIGQUERY_")]
    command = ["make", "--no-print-directory", "run", *words, f"OUT={out}", f"TRIALS={TRIALS}", "JSON=1"]
    done = subprocess.run(command, cwd=ROOT, env={**os.environ, **variables}, stdout=subprocess.PIPE, check=False)
    result, extract = json.loads(done.stdout), Extract.read(out / "latest")
    billed = (result["query"] or {"bytes_billed": 0})["bytes_billed"]
    return Run(
        result["exit_code"], extract.backend, extract.rows, billed, result["bundle"]["digest"], result["image"] or ""
    )


if __name__ == "__main__":
    sys.exit(main())
