"""Tables of an example that simulates its own data, for people who have none of theirs yet."""

import subprocess
import sys

from rich.console import Console

from model.errors import DataError, Problem
from pipelines.arguments import DataRequest, simulator
from pipelines.compile import ROOT


def source_of(request: DataRequest, console: Console) -> str:
    """Where extract reads: what was asked for, else the example's own tables in OUT/sample. Raises DataError."""
    if request.source is not None:
        return request.source
    module, sample = simulator(request.folder), request.sample
    console.print(f"no DATA given: {module} simulates it in {sample}", markup=False)
    command = [sys.executable, "-m", str(module), str(sample)]
    # What it prints is for people: stdout may be for the one JSON object.
    if subprocess.run(command, cwd=ROOT, check=False, stdout=sys.stderr).returncode:
        problem = Problem("DATA", f"could not be simulated by {module}", "See its message above", "data-not-simulated")
        raise DataError(problem)
    return f"duckdb:{sample / 'data'}"
