"""What share of GoogleSQL as people write it runs on files: `python bench/googlesql_corpus.py`.

Runs the corpus of tests/extract/googlesql/corpus and prints how many queries give the documented answer, how many are
refused with a hint, and how many are wrong, in all and by feature. Exit code 1 when one is wrong.
"""

import sys
import tempfile
from collections import Counter
from pathlib import Path

from rich.console import Console
from rich.table import Table

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from components.extract.sources.duckdb_files import DuckDbSource
from tests.extract.googlesql.corpus import CorpusQuery, queries, run
from tests.extract.googlesql.corpus_tables import write_tables

LEAST_QUERIES = 3  # of a feature that has a row of its own
STATUSES = ("accepted", "refused", "wrong")


def outcomes() -> list[tuple[CorpusQuery, str]]:
    with tempfile.TemporaryDirectory() as folder:
        write_tables(Path(folder))
        source = DuckDbSource(folder)
        return [(query, run(source, query).status(query)) for query in queries()]


def main() -> int:
    results = outcomes()
    table = Table("feature", "queries", *STATUSES)
    uses = Counter(feature for query, _ in results for feature in query.features)
    features = sorted((feature for feature, count in uses.items() if count >= LEAST_QUERIES), key=str.casefold)
    for feature in ["all", *features]:
        counted = Counter(status for query, status in results if feature in ("all", *query.features))
        table.add_row(feature, str(counted.total()), *(str(counted[status]) for status in STATUSES))
    console = Console()
    console.print(table)
    for query, status in results:
        if status != "accepted":
            console.print(f"{status}: {query.name}")
    return 1 if any(status == "wrong" for _, status in results) else 0


if __name__ == "__main__":
    sys.exit(main())
