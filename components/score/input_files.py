"""The Parquet files to score: their columns are checked before any row is read, then their rows come in batches."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from components.score.input_columns import type_problem
from components.score.scores_file import PROBABILITY
from model.bundle.features import Input
from model.errors import DataError, Problem, Problems

BATCH_ROWS = 1 << 14  # some MB of float64, whatever a row group holds
ENDING = ".parquet"


@dataclass(frozen=True)
class InputFiles:
    """Files with the same inputs and ids. `ids` has the types of the id columns, `rows` are those of all files."""

    paths: tuple[Path, ...]
    features: tuple[Input, ...]
    ids: pa.Schema
    rows: int

    @classmethod
    def open(cls, data: Path, features: Sequence[Input], ids: Sequence[str], problems: Problems) -> "InputFiles":
        """`data` is a file, or a folder whose own `.parquet` files are read in the order of their names.

        Raises DataError with `problems` and every problem of every file: unreadable, a column that is missing, twice
        or of a type that cannot be meant, ids of two types; and with no row in any.
        """
        paths = _paths(data, problems)
        schemas, rows = list[tuple[Path, pa.Schema]](), 0
        for path in paths:
            if (metadata := _metadata(path, problems)) is not None:
                schemas.append((path, metadata.schema.to_arrow_schema()))
                rows += metadata.num_rows
        for path, schema in schemas:
            _check_columns(path, schema, features, ids, problems)
        id_types = _id_types(schemas, ids, problems)
        if paths and not rows and not problems.items:
            problems.add(str(data), "has no rows", "Name files with the rows to score", "score-empty")
        problems.raise_if_any(DataError)
        return cls(tuple(paths), tuple(features), id_types, rows)

    def batches(self, *, rows: int = BATCH_ROWS) -> Iterator[pa.RecordBatch]:
        """Inputs and ids by name, in the order of the files, at most `rows` at once.

        Raises DataError where a file is damaged inside.
        """
        texts = [feature.name for feature in self.features if feature.kind == "category"]
        names = list(dict.fromkeys((*(feature.name for feature in self.features), *self.ids.names)))
        for path in self.paths:
            try:
                with pq.ParquetFile(path, read_dictionary=texts) as file:
                    yield from file.iter_batches(rows, columns=names, use_threads=False)
            except (pa.ArrowException, OSError) as error:  # Arrow reports a damaged page as either of the two
                raise DataError(_unreadable(path, "is damaged", error, "score-damaged")) from None


def _paths(data: Path, problems: Problems) -> list[Path]:
    if data.is_file():
        return [data]
    if not data.is_dir():
        problems.add(str(data), "is not there", "Name a Parquet file, or a folder of them", "score-data-missing")
        return []
    paths = sorted(path for path in data.iterdir() if path.suffix == ENDING and path.name[0] not in "._")
    if not paths:
        problems.add(str(data), f"has no {ENDING} file", "Name the folder they are in", "score-data-missing")
    return paths


def _metadata(path: Path, problems: Problems) -> pq.FileMetaData | None:
    if path.exists() and not path.is_file():  # to open a pipe would wait for its writer
        problems.add(str(path), "is not a regular file", "Name files, or remove it", "score-data-kind")
        return None
    try:
        return pq.read_metadata(path)
    except (pa.ArrowException, OSError) as error:
        problems.items.append(_unreadable(path, "is not Parquet", error, "score-not-parquet"))
        return None


def _unreadable(path: Path, problem: str, error: Exception, code: str) -> Problem:
    """With the first line of Arrow's message."""
    reason = (str(error).splitlines() or [type(error).__name__])[0]
    return Problem(str(path), f"{problem} ({reason:.200})", "Write the file again", code)


def _check_columns(
    path: Path, schema: pa.Schema, features: Sequence[Input], ids: Sequence[str], problems: Problems
) -> None:
    inputs = {feature.name: feature for feature in features}
    for name in dict.fromkeys((*inputs, *ids)):
        use = "an input of the model" if name in inputs else "an id"
        where, indices = f"{path} {name}", schema.get_all_field_indices(name)
        if not indices:
            hint = f"There: {', '.join(schema.names):.300}"
            problems.add(where, f"({use}) is missing", hint, "score-column-missing")
        elif len(indices) > 1:
            problems.add(where, f"({use}) is there {len(indices)} times", "Keep one of them", "score-column-twice")
        elif name in inputs and (problem := type_problem(inputs[name], schema.field(name).type)):
            problems.add(where, problem.text, problem.hint, "score-column-type")


def _id_types(schemas: Sequence[tuple[Path, pa.Schema]], ids: Sequence[str], problems: Problems) -> pa.Schema:
    """The types of the first file; in all others they are the same."""
    types: dict[str, pa.DataType] = {}
    for name in ids:
        if name == PROBABILITY:
            problems.add(f"id {name}", "has the name of the scores", "Rename the column", "score-id-name")
        for path, schema in schemas:
            if len(schema.get_all_field_indices(name)) != 1:
                continue
            kind = schema.field(name).type
            if kind != types.setdefault(name, kind):
                problem = f"is {kind}, in {schemas[0][0].name} it is {types[name]}"
                problems.add(f"{path} {name}", problem, "Write one type in all files", "score-id-type")
    return pa.schema(list(types.items()))
