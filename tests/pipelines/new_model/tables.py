"""Small tables for `make new`, and what becomes of them."""

from datetime import date

import numpy as np
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet as pq
import pytest

from components.extract.extract import extract
from components.extract.window import window
from components.preprocess.preprocess import preprocess
from model.errors import KamadoError
from model.spec.reader import read_spec
from pipelines.new_model.find_table import find_table
from pipelines.new_model.make import draft_of, write
from tests.logs import replaced
from tests.runs import quiet

ROWS = 1_500
TODAY = date(2026, 7, 1)


def plain(rows=ROWS, seed=7):
    """A number that matters, another that does not, and a label of both kinds."""
    random = np.random.default_rng(seed)
    price = random.gamma(4, 300, rows).round(2)
    sold = (random.uniform(size=rows) < 1 / (1 + np.exp((price - 700) / 400))).astype(int)
    return pa.table({"price": price, "weight": random.normal(size=rows), "sold": sold})


def grouped(rows=ROWS):
    return replaced(plain(rows), "user_id", [f"u{index // 5}" for index in range(rows)])


def new(folder, table, label, model="small"):
    """The draft of a table, written; and its folder."""
    path = folder / "data" / "log.parquet"
    path.parent.mkdir(exist_ok=True)
    pq.write_table(table, path)
    draft, _ = draft_of(model, find_table(str(path)), label, today=TODAY, progress=lambda _: None)
    write(draft, folder / "specs" / model)
    return draft, folder / "specs" / model


def rows_of(folder, spec_folder):
    """What a run would read with the written spec, after preprocess: it has to come through as it stands."""
    spec = read_spec(spec_folder)
    extract(spec, f"duckdb:{folder / 'data'}", window(spec, str(spec.source.end)), folder / "rows", progress=quiet)
    preprocess(spec, folder / "rows", folder / "splits", progress=quiet)
    return spec, pq.read_table(folder / "rows" / "rows")


def refusal(folder, table, label):
    with pytest.raises(KamadoError) as refused:
        new(folder, table, label)
    assert not (folder / "specs").exists()
    return str(refused.value)
