"""Run the model's query and write its rows as preprocess reads them: typed, keyed, once.

Memory does not grow with the rows.
"""

from collections.abc import Callable, Mapping
from dataclasses import asdict
from pathlib import Path

from artifacts.extract import ConversionLoss, Extract, QueryCost
from artifacts.typed_rows import TypedRows, row_file
from components.extract.row_files import write_rows
from components.extract.sources.open import open_source
from components.extract.sources.options import QueryOptions
from components.extract.sources.scan import scan_files, scan_of
from components.extract.sources.source import QueryLineage, Source
from components.extract.window import Window, text
from model.errors import DataError, Problem
from model.files import output_folder
from model.spec.columns import refuse_unfit
from model.spec.types import Spec


def extract(
    spec: Spec,
    address: str,
    window: Window,
    out: Path,
    *,
    run: str | None = None,
    data_version: str = "",
    progress: Callable[[int, int, str], None],
) -> Extract:
    """Write `out/rows/part-00000.parquet` and `out/extract.json`, whole or not at all. `address` names the source.

    Where queries are billed, `run` pays once for the tables in the state `data_version`.

    Raises SpecError for SQL outside the portable subset, DataError for tables, columns or files that do not match the
    spec and for a window without rows.
    """
    options = QueryOptions.of(spec, data_version=data_version, report=lambda line: progress(0, 0, line))
    source = open_source(address, max_bytes_billed=spec.source.max_bytes_billed, run=run, options=options)
    columns = source.columns(spec.sql_text, window)
    refuse_unfit(spec, columns)
    typed = TypedRows(spec, columns)
    with output_folder(out) as folder:
        rows = _write(source, window, typed, folder, progress)
        if rows == 0:
            raise DataError(_empty(window))
        progress(rows, 0, f"{rows:,} rows")
        document = extract_document(spec.sql_sha256, window, rows, source.lineage(), columns)
        document = document.model_copy(update={"typed_sha256": typed.sha256})
        document.write(folder)
    return document


def type_rows(spec: Spec, queried: Path, out: Path) -> Extract:
    """The same folder for `spec`, from a folder that has the rows and the columns of extract.json as a query gave them.

    Raises DataError for columns that do not match the spec.
    """
    document = Extract.read(queried)
    refuse_unfit(spec, document.columns)
    typed = TypedRows(spec, document.columns)
    with output_folder(out) as folder, scan_files(queried / "rows" / "*.parquet") as scan:
        write_rows(scan, typed, _file(folder), lambda _: None)
        document = document.model_copy(update={"typed_sha256": typed.sha256})
        document.write(folder)
    return document


def extract_document(
    sql_sha256: str, window: Window, rows: int, lineage: QueryLineage, columns: Mapping[str, str]
) -> Extract:
    """extract.json of a query that was read to its end. `columns` are name -> GoogleSQL type."""
    losses = lineage.losses
    return Extract(
        sql_sha256=sql_sha256,
        start=text(window.start) if window.start else None,
        end=text(window.end),
        rows=rows,
        backend=lineage.backend,
        bytes_billed=lineage.bytes_billed,
        tables=lineage.tables,
        table_rows=None if lineage.table_rows is None else dict(lineage.table_rows),
        losses=None if losses is None else tuple(ConversionLoss(**asdict(loss)) for loss in losses),
        columns=dict(columns),
        query=None if lineage.query is None else QueryCost(**asdict(lineage.query)),
    )


def _empty(window: Window) -> Problem:
    if window.start is None:
        return Problem("SQL", "returns no rows", "Look at its filters and at the rows of its tables", "rows-none")
    hint = "Set END or source.end to a day that the tables reach, and look at the SQL's filters"
    return Problem(f"window {text(window.start)} to {text(window.end)}", "has no rows", hint, "rows-none")


def _write(
    source: Source, window: Window, typed: TypedRows, folder: Path, progress: Callable[[int, int, str], None]
) -> int:
    def report(share: float) -> None:
        if share >= 0:  # of batches it is not known, and their source reports itself
            progress(round(100 * share), 100, f"{share:.0%} of the query")

    with scan_of(source, typed.spec.sql_text, window) as scan:
        return write_rows(scan, typed, _file(folder), report) if scan else 0


def _file(folder: Path) -> Path:
    path = row_file(folder)
    path.parent.mkdir()
    return path
