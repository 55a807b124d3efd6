"""What each tool does on a set with a seed: measured once and copy, so that a killed bench goes on where it was.

A measurement is of one set's rows, of one tool's code and versions, a seed and a budget: where one of them is another,
it is measured again. So results of several checkouts can be in one folder.
"""

import hashlib
import json
import resource
import shutil
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from bench.quality.data_sets import DataSet
from bench.quality.hold_out import Division
from bench.quality.tools import Tool
from model.arrays import Floats

RUNAWAY = 5  # times the budget, and then
RUNAWAY_SECONDS = 300


class ToolFailed(Exception):
    """A tool that ended without an answer; the message has the end of what it wrote."""


@dataclass(frozen=True)
class Measurement:
    """`probability` per outer row; `judged` is that of Kamado's judged bundle, None for others.

    `cpu_seconds` are of all training, `rows_per_cpu_second` of scoring the outer rows from their columns.
    """

    tool: str
    seed: int
    probability: Floats
    judged: Floats | None
    cpu_seconds: float
    bytes: int
    rows_per_cpu_second: float
    note: str
    verdict: str | None

    @classmethod
    def read(cls, folder: Path, tool: str, seed: int) -> "Measurement":
        answer: dict[str, Any] = json.loads((folder / "answer.json").read_text())
        judged = folder / "judged.npy"
        return cls(
            tool=tool,
            seed=seed,
            probability=np.load(folder / "probability.npy"),
            judged=np.load(judged) if judged.is_file() else None,
            cpu_seconds=answer["cpu_seconds"],
            bytes=answer["bytes"],
            rows_per_cpu_second=answer["rows_per_cpu_second"],
            note=answer["note"],
            verdict=answer.get("verdict"),
        )


@dataclass(frozen=True)
class Measurements:
    """The folder of all that was measured, with a budget of processor seconds for each."""

    work: Path
    cpu_seconds: float

    def folder(self, data_set: DataSet, division: Division, tool: Tool, seed: int) -> Path:
        """Where the measurement is, or will be."""
        spec = data_set.digest() if tool.is_kamado else ""
        key = hashlib.sha256(f"{division.digest()} {tool.digest()} {spec}".encode()).hexdigest()[:12]
        name = f"{tool.name}-{self.cpu_seconds:g}s-seed{seed}-{key}"
        return self.work / "results" / data_set.name / name

    def present(self, data_set: DataSet, division: Division, tool: Tool, seed: int) -> Measurement | None:
        folder = self.folder(data_set, division, tool, seed)
        return Measurement.read(folder, tool.name, seed) if folder.is_dir() else None

    def measure(self, data_set: DataSet, division: Division, tool: Tool, seed: int) -> Measurement:
        """The one that is there, or a new one. Raises ToolFailed."""
        folder = self.folder(data_set, division, tool, seed)
        if not folder.is_dir():
            folder.parent.mkdir(parents=True, exist_ok=True)
            with tempfile.TemporaryDirectory(prefix="kamado-bench-") as temporary:
                out = Path(temporary)
                task: dict[str, object] = {"rows": str(division.folder), "out": str(out), "seed": seed}
                task["cpu_seconds"] = self.cpu_seconds
                if tool.is_kamado:
                    task |= {"spec": str(data_set.folder), "judge": data_set.refused}
                run(tool, task, out)
                _keep(out, folder)
        return Measurement.read(folder, tool.name, seed)


def run(tool: Tool, task: dict[str, object], out: Path) -> None:
    """Run a tool's program on a task. Raises ToolFailed."""
    path = out / "task.json"
    path.write_text(json.dumps(task))
    limit = int(RUNAWAY * float(str(task["cpu_seconds"])) + RUNAWAY_SECONDS)
    done = subprocess.run(
        tool.command(path),
        env=tool.variables(),
        cwd=out,
        text=True,
        capture_output=True,
        check=False,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_CPU, (limit, limit)),
    )
    if done.returncode or not (out / "answer.json").is_file():
        raise ToolFailed(f"{tool.title} ended with {done.returncode}: {(done.stdout + done.stderr)[-2000:]}")


def _keep(out: Path, folder: Path) -> None:
    """Only the answer, whole or not at all."""
    with tempfile.TemporaryDirectory(dir=folder.parent) as temporary:
        copy = Path(temporary) / "copy"
        copy.mkdir()
        for name in ("answer.json", "probability.npy", "judged.npy"):
            if (out / name).is_file():
                shutil.copyfile(out / name, copy / name)
        if not folder.is_dir():
            copy.rename(folder)
