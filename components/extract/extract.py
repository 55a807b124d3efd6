"""Run the model's query and write its rows as Parquet, streamed: memory does not grow with the rows."""

from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path

from components.extract.parquet_writer import ParquetWriter, write_all
from components.extract.sources.open import open_source
from components.extract.sources.source import Source
from components.extract.window import Window, text
from model.errors import DataError, Problem
from model.files import new_folder, write_json
from model.spec.columns import refuse_unfit
from model.spec.types import Spec


def extract(spec: Spec, source: str, window: Window, out: Path, *, progress: Callable[[int, int, str], None]) -> None:
    """Write `out/rows/part-*.parquet` and `out/extract.json`, whole or not at all.

    Raises SpecError for SQL outside the portable subset, DataError for tables, columns or files that do not match the
    spec and for a window without rows.
    """
    reader = open_source(source, max_bytes_billed=spec.source.max_bytes_billed)
    columns = reader.columns(spec.sql_text, window)
    refuse_unfit(spec, columns)
    with new_folder(out) as folder:
        (folder / "rows").mkdir()
        rows = _write(reader, spec.sql_text, window, folder / "rows", progress)
        if rows == 0:
            raise DataError(_empty(window))
        lineage = reader.lineage()
        write_json(
            folder / "extract.json",
            {
                "sql_sha256": spec.sql_sha256,
                "start": text(window.start),
                "end": text(window.end),
                "rows": rows,
                "bytes_billed": lineage.bytes_billed,
                "backend": lineage.backend,
                "tables": list(lineage.tables),
                "table_rows": lineage.table_rows,
                "losses": None if lineage.losses is None else [asdict(loss) for loss in lineage.losses],
                "columns": columns,
            },
        )


def _empty(window: Window) -> Problem:
    if window.start is None:
        return Problem("SQL", "returns no rows", "Look at its filters and at the tables in DATA", "rows-none")
    hint = "Set END or source.end to a day that the tables reach, and look at the SQL's filters"
    return Problem(f"window {text(window.start)} to {text(window.end)}", "has no rows", hint, "rows-none")


def _write(reader: Source, sql: str, window: Window, folder: Path, progress: Callable[[int, int, str], None]) -> int:
    writer = ParquetWriter(folder)
    for rows in write_all(reader.fetch(sql, window), writer):
        progress(rows, 0, f"{rows:,} rows")
    return writer.rows
