"""Copies of the small sets whose labels are shuffled: nothing can be learned from them, so none may be promoted.

Each goes all the way to a verdict by its spec's own rules. Every second copy of a set is also compared with a model in
service: the one that the copy before has trained.
"""

import hashlib
import json
import os
import tempfile
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from artifacts.typed_rows import row_file
from bench.quality.data_sets import SETS, DataSet
from bench.quality.tools import TOOLS
from components.evaluate.evaluate import evaluate
from components.evaluate.inputs import InputFolders
from components.extract.extract import extract
from components.extract.window import window
from components.preprocess.preprocess import preprocess
from components.train.train import train
from model.progress import ReportProgress
from model.spec.reader import read_spec
from model.spec.types import Spec

CHEAP = ("telco_churn", "online_shoppers", "hillstrom_email", "bank_marketing")
CPU_SECONDS = 8.0  # of each search
MINUTES = 60
IN_SERVICE = 2  # copies in a row: the second is compared with the first


def quiet(*_: object) -> None:
    """Progress is not shown."""


@dataclass(frozen=True)
class ShuffledCopy:
    """The verdict on copy `number` of a set, from 0."""

    name: str
    number: int
    champion: bool
    verdict: str


def shuffled_copies(copies: int, work: Path, progress: ReportProgress) -> list[ShuffledCopy]:
    """As many verdicts, over the cheap sets in turn; those that are in `work` for this code are read from there."""
    present = [SETS[name] for name in CHEAP if SETS[name].present]
    plan = [(present[index // IN_SERVICE % len(present)], index) for index in range(copies)]
    verdicts: list[ShuffledCopy] = []
    for data_set, first in plan[::IN_SERVICE]:
        numbers = range(first, min(first + IN_SERVICE, copies))
        progress(first, copies, f"shuffled copies of {data_set.name}")
        verdicts.extend(_pair(data_set, numbers, work))
    return verdicts


def _pair(data_set: DataSet, numbers: range, work: Path) -> Sequence[ShuffledCopy]:
    """Copies with these numbers, the later ones against the model of the first."""
    key = hashlib.sha256(f"{data_set.digest()} {TOOLS['kamado'].digest()} {_own_digest()}".encode()).hexdigest()[:12]
    path = work / "shuffled" / f"{data_set.name}-{numbers.start}-{numbers.stop}-{key}.json"
    if path.is_file():
        return [ShuffledCopy(**document) for document in json.loads(path.read_text())]
    verdicts, champion = [], None
    with tempfile.TemporaryDirectory(prefix="kamado-bench-") as temporary:
        spec, scratch = _cheap(read_spec(data_set.folder)), Path(temporary)
        of_spec = window(spec, str(spec.source.end))
        extract(spec, f"duckdb:{data_set.data(scratch)}", of_spec, scratch / "rows", progress=quiet)
        for number in numbers:
            shuffle(spec, row_file(scratch / "rows"), seed=number)
            verdict = _judge(spec, scratch / "rows", scratch / str(number), champion)
            verdicts.append(ShuffledCopy(data_set.name, number, champion is not None, verdict))
            champion = champion or scratch / str(number) / "trained" / "bundle"
        path.parent.mkdir(parents=True, exist_ok=True)
        partial = path.with_suffix(f".{os.getpid()}")
        partial.write_text(json.dumps([asdict(copy) for copy in verdicts]))
        partial.replace(path)
    return verdicts


def shuffle(spec: Spec, path: Path, *, seed: int) -> None:
    """Give every row of extract's file the label of another, in place."""
    table = pq.read_table(path)
    index = table.schema.get_field_index(spec.columns.label)
    order = np.random.Generator(np.random.PCG64(seed)).permutation(table.num_rows)
    labels = table.column(index).take(pa.array(order))
    pq.write_table(table.set_column(index, table.schema.field(index), labels), path)


def _judge(spec: Spec, extracted: Path, out: Path, champion: Path | None) -> str:
    splits, trained = out / "splits", out / "trained"
    preprocess(spec, extracted, splits, progress=quiet)
    train(
        spec, splits, extracted, trained, trials=spec.training.trials, minutes=MINUTES, threads=1, progress=quiet
    )  # fmt: skip
    folders = InputFolders(trained / "bundle", splits, trained, extracted, champion)
    return evaluate(spec, folders, out / "evaluated", progress=quiet, threads=1)


def _cheap(spec: Spec) -> Spec:
    training = spec.training.model_copy(update={"cpu_seconds": CPU_SECONDS})
    return spec.model_copy(update={"training": training})


def _own_digest() -> str:
    return hashlib.sha256(Path(__file__).read_bytes()).hexdigest()
