"""Reject and count the rare rows, remove copies and rows too young, split the rest, sample negatives of training.

Everything runs in DuckDB over the file of extract, out of core: each query reads the columns that it needs. Nothing
depends on the order in which rows arrive: identity and chance come from a hash of what identifies the row.
"""

import tempfile
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

import duckdb

from artifacts.extract import Extract
from artifacts.rejection_report import RejectionReport
from artifacts.split import REST, SPLITS, NegativeSampling, SplitSummary, cut_folder, split_file
from artifacts.typed_rows import TypedRows
from components.preprocess.columns import in_splits, typed_view
from components.preprocess.conversions import conversion_warnings
from components.preprocess.duckdb_session import one_row, session, set_memory_limit
from components.preprocess.identity import Identity
from components.preprocess.label_checks import refuse_labels
from components.preprocess.leaks import look_for_leaks
from components.preprocess.not_finite import NotFinite
from components.preprocess.rejection import RejectionCounts, broken_names
from components.preprocess.split_problems import refuse_empty
from components.preprocess.splitter import Counts, Cut, Splitter, sampled, unit_column
from model.errors import DataError, Problem
from model.files import output_folder
from model.progress import ReportProgress
from model.spec.columns import refuse_unfit
from model.spec.types import Spec
from model.sql import literal, quoted

PARQUET = "(FORMAT parquet, COMPRESSION zstd, ROW_GROUP_SIZE 65536)"
QUICK = "(FORMAT parquet, COMPRESSION lz4_raw, ROW_GROUP_SIZE 30720)"  # small groups: their dictionaries stay in cache
FEW_REPEATS = 300_000  # rows: a table of so many is joined in every query


def preprocess(
    spec: Spec, extracted: Path, out: Path, *, progress: ReportProgress, few_repeats: int = FEW_REPEATS
) -> None:
    """Write the three splits, `rejected.parquet`, `rejections.json` and `split.json` into `out`, whole or not at all.

    The splits of further cuts, with a `split.json` each, go into folders of their own. A copy of `extract.json` goes
    with them, so that later steps need not fetch the rows. `few_repeats` is the number of repeated rows up to which
    they are joined in every query; it changes memory and time, and no result.

    Raises DataError for rows of another spec, labels that are not 0 or 1, positions without information, leaking
    features, a rejection budget that is exceeded, and splits that cannot be learned from or evaluated on.
    """
    extract = Extract.read(extracted)
    with output_folder(out) as folder, tempfile.TemporaryDirectory() as temporary:
        work = Path(temporary)
        with session(work) as connection:
            connection.execute(f"CREATE VIEW typed AS {typed_view(extracted)}")
            _Run(spec, connection, work, extract, few_repeats).write_into(folder, progress)
        extract.write(folder)


@dataclass(frozen=True)
class _Usable:
    """Rows that may be split: not rejected, old enough and without copies; and how many were too young."""

    identity: Identity
    immature: int
    rows: int


class _Run:
    """The steps over one set of rows, each leaving a file or table for the next."""

    def __init__(
        self, spec: Spec, connection: duckdb.DuckDBPyConnection, work: Path, extract: Extract, few_repeats: int
    ) -> None:
        self.spec, self.connection, self.work, self.extract = spec, connection, work, extract
        self.few_repeats = few_repeats
        self.end = datetime.fromisoformat(extract.end).replace(tzinfo=None)
        refuse_unfit(spec, extract.columns)
        self.columns = TypedRows(spec, extract.columns)
        if self.columns.sha256 != extract.typed_sha256:
            problem = "are typed for another spec"
            raise DataError(Problem("rows of extract", problem, "Run extract again", "rows-other-spec"))
        set_memory_limit(connection, len(self.columns.names))

    def write_into(self, folder: Path, progress: ReportProgress) -> None:
        rejection = self._read()
        if rejection.rows != self.extract.rows:
            problem = f"hold {rejection.rows:,} rows, extract wrote {self.extract.rows:,}"
            raise DataError(Problem("rows of extract", problem, "Run extract again", "rows-lost"))
        progress(1, 5, f"{rejection.rows:,} rows read, {rejection.rejected:,} rejected")
        rejection.refuse_over(self.spec.reject_budget)
        self._write_rejected(folder / "rejected.parquet")
        usable = self._select_usable()
        progress(2, 5, f"{usable.identity.copies.removed:,} copies and {usable.immature:,} young rows removed")
        splitter = Splitter(self.connection, "usable", self.spec, self.columns, self.end)
        by_cut = [cut.counts() for cut in splitter.cuts]
        refuse_empty(self.spec, splitter.cuts, by_cut)
        counts = by_cut[0]
        progress(3, 5, ", ".join(f"{name} {counts.splits[name].rows:,}" for name in SPLITS))
        for cut, count in zip(splitter.cuts, by_cut, strict=True):
            out = cut_folder(folder, cut.number)
            out.mkdir(parents=True, exist_ok=True)
            sampling = self._write_splits(cut, out, count)
            self._summary(cut, count, sampling).write(out)
            negatives = f"{sampling.negatives_after:,} of {sampling.negatives_before:,} negatives"
            progress(4, 5, f"{negatives} kept for training{_of_cut(cut)}")
        leaks = look_for_leaks(self.connection, split_file(folder, "train"), self.spec)
        self._report(rejection, usable, leaks, folder / "rejected.parquet").write(folder)
        progress(5, 5, f"{counts.used:,} rows kept, {rejection.rejected:,} rejected ({rejection.share:.2%})")

    def _copy(self, query: str, path: Path, how: str = PARQUET) -> None:
        self.connection.execute(f"COPY ({query}) TO {literal(str(path))} {how}")

    def _read(self) -> RejectionCounts:
        refuse_labels(self.connection, "typed", self.columns)
        roles = self.spec.columns
        id_columns = [name for name in (roles.time, roles.list, roles.item) if name]
        return RejectionCounts(self.connection, "typed", self.columns.rules, id_columns=id_columns)

    def _write_rejected(self, path: Path) -> None:
        names = ", ".join(quoted(name) for name in self.columns.names)
        rows = f"SELECT {names}, {broken_names(self.columns.rules)} AS rules FROM typed WHERE broken <> 0"
        self._copy(f"{rows} ORDER BY row_key, {self.columns.content()}", path)

    def _select_usable(self) -> _Usable:
        """The view `usable`: rows that may be split, each with the `unit` that it stays together with."""
        old_enough = "true"
        if self.columns.time and self.spec.source.conversion_days:
            limit = self.end - timedelta(days=self.spec.source.conversion_days)
            old_enough = f"{quoted(self.columns.time)} < TIMESTAMP '{limit.isoformat(sep=' ')}'"
        counts = f"count(*) FILTER (broken = 0), count(*) FILTER (broken = 0 AND {old_enough})"
        accepted, mature = one_row(self.connection, f"SELECT {counts} FROM typed")
        if mature == 0:
            raise DataError(self._all_too_young(accepted))
        query = f"SELECT * FROM typed WHERE broken = 0 AND {old_enough}"
        identity = Identity(self.connection, self.columns.key, query, content=self.columns.content(), count=mature)
        identity.refuse_over(self.spec.copies_budget)
        rows = identity.source()
        if identity.repeated > self.few_repeats:  # joined once: later steps need the memory
            self._copy(rows, self.work / "usable.parquet", QUICK)
            identity.drop()
            rows = f"SELECT * FROM {_parquet(self.work / 'usable.parquet')}"
        together = unit_column(self.spec)
        unit = f"coalesce(hash({quoted(together)}), row_key)" if together else "row_key"
        self.connection.execute(f"CREATE VIEW usable AS SELECT *, {unit} AS unit FROM ({rows})")
        return _Usable(identity, accepted - mature, mature - identity.copies.removed)

    def _all_too_young(self, accepted: int) -> Problem:
        where = f"source.conversion_days {self.spec.source.conversion_days}"
        hint = "Widen source.window_days, or end the window later"
        return Problem(where, f"leaves none of {accepted:,} rows: all are younger", hint, "rows-too-young")

    def _write_splits(self, cut: Cut, folder: Path, counts: Counts) -> NegativeSampling:
        """Rows are ordered by their content, so that training is repeatable."""
        sample = sampled(self.spec, self.columns)
        for name in SPLITS:
            self._write_split(cut.rows_of(name), split_file(folder, name), sample if name == "train" else "true")
        if self.spec.training.refit and cut.number == 1:
            self._write_split(cut.rest(), folder / REST, sample)
        before = counts.splits.train.rows - counts.splits.train.positives
        after = self._negatives(split_file(folder, "train"))
        if before and not after:  # so few that the sample has none: then all stay
            self._write_split(cut.rows_of("train"), split_file(folder, "train"), "true")
            after = before
        share = after / before if before else 1.0
        return NegativeSampling(negatives_before=before, negatives_after=after, kept_negatives=share)

    def _write_split(self, source: str, path: Path, condition: str) -> None:
        roles = self.spec.columns
        keys = [quoted(column) for column in (roles.time, roles.list, roles.position, roles.item) if column]
        order = ", ".join(f"rows.{key}" for key in [*keys, "row_key"])
        rows = f"SELECT {in_splits(self.columns)} FROM {source} rows WHERE {condition}"
        self._copy(f"{rows} ORDER BY {order}", path)

    def _negatives(self, path: Path) -> int:
        negatives = f"count(*) FILTER ({quoted(self.columns.label)} = 0)"
        (count,) = one_row(self.connection, f"SELECT {negatives} FROM {_parquet(path)}")
        return int(count)

    def _report(self, rejection: RejectionCounts, usable: _Usable, leaks: list[str], rejected: Path) -> RejectionReport:
        not_finite = NotFinite.count(self.connection, "typed", self.columns, count=rejection.rows)
        identity = usable.identity
        return RejectionReport(
            rows_in=rejection.rows,
            rejected_rows=rejection.rejected,
            rejected_share=rejection.share,
            budget=self.spec.reject_budget,
            rules=rejection.by_rule(_parquet(rejected, "file_row_number=true")),
            key=identity.key.columns,
            key_is_declared=identity.key.declared,
            duplicates=identity.copies.removed,
            duplicates_share=identity.copies.share,
            copies_budget=self.spec.copies_budget,
            equal_rows_kept=identity.copies.equal,
            immature=usable.immature,
            rows_kept=usable.rows,
            not_finite=dict(not_finite.columns),
            warnings=(
                *conversion_warnings(self.extract),
                *identity.warnings(),
                *rejection.warnings(),
                *not_finite.warnings(),
                *leaks,
            ),
        )

    def _summary(self, cut: Cut, counts: Counts, sampling: NegativeSampling) -> SplitSummary:
        return SplitSummary(
            by=self.spec.split.by,
            cuts=cut.times.document() if cut.times else None,
            splits=counts.splits,
            gap=counts.gap,
            purged=counts.purged,
            sampling=sampling,
            cutoff=f"{self.end.isoformat()}Z",
        )


def _of_cut(cut: Cut) -> str:
    return "" if cut.number == 1 else f" in cut {cut.number}"


def _parquet(path: Path, *options: str) -> str:
    return f"read_parquet({', '.join([literal(str(path)), *options])})"
