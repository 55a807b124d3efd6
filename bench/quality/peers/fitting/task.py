"""What a tool is to do: rows to learn from, rows to score, and a budget of processor seconds.

A tool that knows only a time limit gets the budget as one, on a clock that is the processor's: Python's clock moves
with the processor time of this process, so that other work on the machine takes nothing from it. Every tool has one
thread and starts no processes.
"""

import json
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

SCORING_SECONDS = 2.0


@dataclass(frozen=True)
class Task:
    """`rows` is the folder of the set's rows; `out` that of the answer. `group` and `time` are columns or None."""

    rows: Path
    out: Path
    seed: int
    cpu_seconds: float
    label: str
    numbers: list
    categories: list
    time: str
    group: str

    @classmethod
    def read(cls):
        document = json.loads(Path(sys.argv[1]).read_text())
        rows = Path(document["rows"])
        columns = json.loads((rows / "columns.json").read_text())
        return cls(rows, Path(document["out"]), document["seed"], document["cpu_seconds"], **columns)

    @property
    def inputs(self):
        return [*self.numbers, *self.categories]

    def frame(self, name):
        """All columns of the rows: numbers as float64, categories as text, with None where there is none."""
        import pandas as pd

        frame = pd.read_parquet(self.rows / f"{name}.parquet").reset_index(drop=True)
        frame[self.numbers] = frame[self.numbers].astype("float64")
        for category in self.categories:
            values = frame[category].astype(object)
            frame[category] = values.where(values.notna(), None)
        return frame


class Model(Protocol):
    """A fitted tool. `note` describes it in a few words."""

    note: str

    def probability(self, frame): ...

    def bytes(self) -> int: ...


def use_processor_clock():
    """Before any tool is imported."""
    wall, processor = time.time(), time.process_time()
    time.time = lambda: wall + time.process_time() - processor


def measure(fit: Callable):
    """Fit, score the outer rows, and write what came of it."""
    import numpy as np

    task = Task.read()
    rest, outer = task.frame("rest"), task.frame("outer")
    began = time.process_time()
    model = fit(task, rest)
    seconds = time.process_time() - began
    inputs = outer[task.inputs]
    probability = np.asarray(model.probability(inputs), dtype="float64")
    began, scored = time.process_time(), 0
    while time.process_time() - began < SCORING_SECONDS:
        model.probability(inputs)
        scored += len(inputs)
    rate = scored / (time.process_time() - began)
    np.save(task.out / "probability.npy", probability)
    answer = {"cpu_seconds": seconds, "bytes": model.bytes(), "rows_per_cpu_second": rate, "note": model.note}
    (task.out / "answer.json").write_text(json.dumps(answer))


def folder_bytes(folder: Path):
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


def newest_fifth(task, rest):
    """A mask of rows to stop early on: the newest where there is time, else those of a fifth of the groups or rows."""
    import numpy as np

    if task.time:
        return (rest[task.time] >= rest[task.time].quantile(0.8, interpolation="lower")).to_numpy()
    chance = np.random.Generator(np.random.PCG64(task.seed))
    if task.group:
        codes = rest[task.group].astype("category").cat.codes.to_numpy()
        return (chance.random(codes.max() + 2) < 0.2)[codes]
    return chance.random(len(rest)) < 0.2
