"""Tables of an example that simulates its own data, for a first run without any."""

import subprocess
import sys

from rich.console import Console

from model.errors import DataError, Problem
from pipelines.compile import ROOT
from pipelines.request import DataRequest


def source_of(request: DataRequest, console: Console) -> str:
    """Where extract reads: what was named, else the example's own tables in OUT/sample. Raises DataError."""
    if request.source is not None:
        return request.source
    sample = request.sample
    console.print(f"no DATA: kamado simulate makes the tables of {request.folder} in {sample}", markup=False)
    command = [sys.executable, "-m", "cli", "simulate", str(sample)]
    # What it prints is for people: stdout may be for the one JSON object.
    if subprocess.run(command, cwd=ROOT, check=False, stdout=sys.stderr).returncode:
        problem = Problem("DATA", "could not be simulated", "See the message above", "data-not-simulated")
        raise DataError(problem)
    return f"duckdb:{sample / 'data'}"
