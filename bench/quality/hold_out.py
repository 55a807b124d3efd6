"""The rows that no tool sees, and the rest, which all of them get.

With a time column the newest fifth is held out, and of the rest the rows whose conversion was not yet known when the
first held-out row was shown; else a fifth by the hash of the user, or of the whole row, so that equal rows stay on one
side. Rows that Kamado rejects, and copies, are dropped for all.
"""

import hashlib
import json
import shutil
import tempfile
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Self

import duckdb
import pyarrow.compute as pc
import pyarrow.parquet as pq

from artifacts.extract import Extract
from artifacts.typed_rows import TypedRows, row_file
from bench.quality.data_sets import DataSet
from components.extract.extract import extract
from components.extract.window import window
from components.preprocess.columns import in_splits, typed_view
from components.preprocess.duckdb_session import one_row, session
from components.preprocess.identity import Identity
from components.preprocess.splitter import share_of_hash, unit_column
from model.spec.reader import read_spec
from model.spec.types import Spec
from model.sql import literal, quoted

SHARE = 0.2
COLUMNS = "columns.json"


@dataclass(frozen=True)
class Columns:
    """What a tool may know of the columns: inputs of both kinds, and what orders or groups the rows.

    `group` has rows that belong together, None where every row stands alone.
    """

    label: str
    numbers: tuple[str, ...]
    categories: tuple[str, ...]
    time: str | None
    group: str | None

    @classmethod
    def of(cls, spec: Spec, rest: Path) -> Self:
        kinds = {name: spec.features[name].kind for name in spec.features}
        numbers = [name for name in spec.feature_columns if kinds.get(name, "number") == "number"]
        categories = [name for name in spec.features if kinds[name] == "category"]
        group = unit_column(spec)
        if group and pc.count_distinct(ids := pq.read_table(rest, columns=[group])[group]).as_py() == len(ids):
            group = None
        return cls(spec.columns.label, tuple(numbers), tuple(categories), spec.columns.time, group)


@dataclass(frozen=True)
class Division:
    """The folder of a set's rows: `rest` and `outer` for all tools, with the columns of the splits; `extracted` has the
    rest as Kamado's extract would have written it on the day of the first held-out row."""

    folder: Path

    @property
    def rest(self) -> Path:
        return self.folder / "rest.parquet"

    @property
    def outer(self) -> Path:
        return self.folder / "outer.parquet"

    @property
    def extracted(self) -> Path:
        return self.folder / "extracted"

    def digest(self) -> str:
        """Of all that the others see."""
        parts = [path.read_bytes() for path in (self.rest, self.outer, self.folder / COLUMNS)]
        return hashlib.sha256(b"".join(hashlib.sha256(part).digest() for part in parts)).hexdigest()


def hold_out(data_set: DataSet, work: Path) -> Division:
    """The rows of a set, made once in `work` for its spec and its tables."""
    key = hashlib.sha256(f"{data_set.digest()} {_own_digest()}".encode()).hexdigest()[:16]
    folder = work / "rows" / f"{data_set.name}-{key}"
    if folder.is_dir():
        return Division(folder)
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder.parent) as temporary:
        spec, scratch = read_spec(data_set.folder), Path(temporary)
        of_spec, out = window(spec, str(spec.source.end)), scratch / "division"
        extract(spec, f"duckdb:{data_set.data(scratch)}", of_spec, scratch / "all", progress=lambda *_: None)
        divide(spec, scratch / "all", out)
        if not folder.is_dir():
            shutil.move(out, folder)
    return Division(folder)


def divide(spec: Spec, extracted: Path, out: Path) -> Division:
    """Write the rows of extract's folder `extracted` into `out`, divided. The same rows give the same files."""
    division, document = Division(out), Extract.read(extracted)
    row_file(division.extracted).parent.mkdir(parents=True)
    columns, end = TypedRows(spec, document.columns), datetime.fromisoformat(document.end).replace(tzinfo=None)
    with tempfile.TemporaryDirectory() as temporary, session(Path(temporary)) as connection:
        connection.execute("SET memory_limit='2GB'; SET threads=1; SET preserve_insertion_order=true")
        connection.execute(f"CREATE VIEW typed AS SELECT *, row_key AS same_row FROM ({typed_view(extracted)})")
        usable = f"SELECT * FROM typed WHERE broken = 0 AND {_before(spec, end)}"
        (count,) = one_row(connection, f"SELECT count(*) FROM ({usable})")
        identity = Identity(connection, columns.key, usable, content=columns.content(), count=count)
        connection.execute(f"CREATE VIEW usable AS {identity.source()}")
        cut = _cut(spec, connection) if spec.columns.time else end
        outer = _outer(spec, cut)
        rest = f"NOT ({outer}) AND {_before(spec, cut)}"
        order = ", ".join([*(quoted(name) for name in (spec.columns.time, spec.columns.list) if name), "row_key"])
        for path, condition in ((division.outer, outer), (division.rest, rest)):
            rows = f"SELECT {in_splits(columns)} FROM usable WHERE {condition}"
            _copy(connection, f"{rows} ORDER BY {order}", path)
        known = f"SELECT * EXCLUDE (file_row_number, same_row) FROM typed WHERE NOT coalesce({outer}, false)"
        _copy(connection, f"{known} ORDER BY file_row_number", row_file(division.extracted))
        (rows,) = one_row(
            connection, f"SELECT count(*) FROM read_parquet({literal(str(row_file(division.extracted)))})"
        )
    document.model_copy(update={"rows": rows, "end": f"{cut.isoformat()}Z"}).write(division.extracted)
    (out / COLUMNS).write_text(json.dumps(asdict(Columns.of(spec, division.rest)), indent=2))
    return division


def _cut(spec: Spec, connection: duckdb.DuckDBPyConnection) -> datetime:
    """The second from which rows are held out."""
    quantile = f"quantile_disc({quoted(str(spec.columns.time))}, {1 - SHARE})"
    cut: datetime = one_row(connection, f"SELECT date_trunc('second', {quantile}) FROM usable")[0]
    return cut


def _outer(spec: Spec, cut: datetime) -> str:
    """SQL that is true for a row that no tool sees."""
    if spec.columns.time:
        return f"{quoted(spec.columns.time)} >= TIMESTAMP '{cut.isoformat(sep=' ')}'"
    together = unit_column(spec)
    unit = f"coalesce(hash({quoted(together)}), same_row)" if together else "same_row"
    chance = share_of_hash(f"'held out ' || {unit}")
    return f"{chance} < {SHARE}"


def _before(spec: Spec, end: datetime) -> str:
    """SQL that is true for a row whose conversion is known at `end`."""
    if not spec.columns.time:
        return "true"
    known = end - timedelta(days=spec.source.conversion_days)
    return f"{quoted(spec.columns.time)} < TIMESTAMP '{known.isoformat(sep=' ')}'"


def _copy(connection: duckdb.DuckDBPyConnection, query: str, path: Path) -> None:
    connection.execute(f"COPY ({query}) TO {literal(str(path))} (FORMAT parquet, COMPRESSION zstd)")


def _own_digest() -> str:
    return hashlib.sha256(Path(__file__).read_bytes()).hexdigest()
