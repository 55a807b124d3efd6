"""Run the model's query and keep its rows as Parquet, streamed: memory does not grow with the rows."""

from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path

from components.extract.parquet_writer import Parts, write_all
from components.extract.sources.source import Source, source_of
from components.extract.window import Window, text
from model.errors import DataError, Problem
from model.files import new_folder, write_json
from model.spec.columns import refuse_unfit
from model.spec.types import Spec


def extract(spec: Spec, source: str, window: Window, out: Path, *, progress: Callable[[int, int, str], None]) -> None:
    """Write `out/rows/part-*.parquet` and `out/extract.json`, whole or not at all.

    Raises SpecError for SQL that cannot be run alike everywhere, DataError for tables, columns or files that are
    not as the spec says and for a window without rows.
    """
    place = source_of(source, max_bytes_billed=spec.source.max_bytes_billed)
    columns = place.columns(spec.sql_text, window)
    refuse_unfit(spec, columns)
    with new_folder(out) as folder:
        (folder / "rows").mkdir()
        rows = _write(place, spec.sql_text, window, folder / "rows", progress)
        if rows == 0:
            raise DataError(_empty(window))
        lineage = place.lineage()
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
        return Problem("SQL", "gives no rows", "Look at its filters and at the tables in DATA", "rows-none")
    hint = "Set END or source.end to a day that the tables reach, and look at the SQL's filters"
    return Problem(f"window {text(window.start)} to {text(window.end)}", "holds no rows", hint, "rows-none")


def _write(place: Source, sql: str, window: Window, folder: Path, progress: Callable[[int, int, str], None]) -> int:
    parts = Parts(folder)
    for rows in write_all(place.fetch(sql, window), parts):
        progress(rows, 0, f"{rows:,} rows")
    return parts.rows
