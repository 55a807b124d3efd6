"""Reject and count the rare rows, remove copies and rows too young, divide the rest, sample negatives of training.

Everything runs in DuckDB over Parquet, out of core. Nothing depends on the order in which rows arrive: identity and
chance come from a hash of what identifies the row.
"""

import shutil
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb

from components.preprocess.columns import Columns, googlesql, types_of
from components.preprocess.conversions import conversion_notes
from components.preprocess.duckdb_session import allow, engine
from components.preprocess.identity import Identity, Key
from components.preprocess.leaks import look_for_leaks
from components.preprocess.ledger import Ledger, Rule, mask, rules_of
from components.preprocess.not_finite import NotFinite
from components.preprocess.split import PARTS, Split, refuse_empty, sampled, unit_of
from model.errors import DataError, Problem, Problems
from model.files import new_folder, read_json, write_json
from model.spec.columns import refuse_unfit
from model.spec.types import Spec
from model.sql import literal, quoted

Report = Callable[[int, int, str], None]
PARQUET = "(FORMAT parquet, COMPRESSION zstd, ROW_GROUP_SIZE 65536)"
QUICK = "(FORMAT parquet, COMPRESSION lz4_raw, ROW_GROUP_SIZE 30720)"  # small groups: their dictionaries stay in cache


def preprocess(spec: Spec, extracted: Path, out: Path, *, progress: Report) -> None:
    """Write the three parts, `rejected.parquet`, `ledger.json` and `split.json` into `out`, whole or not at all.

    Raises DataError for labels that are not 0 or 1, positions that tell nothing, leaking features, a rejection budget
    that is exceeded, and parts that cannot be learned from or judged on; SpecError never.
    """
    told = read_json(extracted / "extract.json", made_by="extract")
    end = datetime.fromisoformat(told["end"]).replace(tzinfo=None)
    with new_folder(out) as folder:
        work = folder / "work"
        work.mkdir()
        with engine(work) as connection:
            _Run(spec, connection, _parquet(extracted / "rows" / "*.parquet"), work, end).into(told, folder, progress)
        shutil.rmtree(work)


class _Run:
    """The steps over one set of rows, each leaving a file or table for the next."""

    def __init__(self, spec: Spec, connection: duckdb.DuckDBPyConnection, raw: str, work: Path, end: datetime) -> None:
        self.spec, self.connection, self.raw, self.work, self.end = spec, connection, raw, work, end
        types = types_of(connection, raw)
        refuse_unfit(spec, {name: googlesql(kind) for name, kind in types.items()})
        self.columns = Columns(spec, types)
        self.rules: list[Rule] = rules_of(spec, self.columns)
        self.names = list(self.columns.select())
        self.key = Key.of(spec)
        allow(connection, len(self.names))

    def into(self, told: dict[str, Any], folder: Path, progress: Report) -> None:
        ledger = self._read()
        if ledger.rows_in != told["rows"]:
            found = f"hold {ledger.rows_in:,} rows, extract wrote {told['rows']:,}"
            raise DataError(Problem("rows of extract", found, "Run extract again", "rows-lost"))
        progress(1, 5, f"{ledger.rows_in:,} rows read, {ledger.rejected:,} rejected")
        ledger.refuse_over(self.spec.reject_budget)
        self._write_rejected(folder / "rejected.parquet")
        identity, ages = self._keep()
        progress(2, 5, f"{identity.copies.removed:,} copies and {ages['immature']:,} young rows removed")
        split = Split(self.connection, "kept", self.spec, self.columns, self.end)
        parts = split.summary()
        refuse_empty(self.spec, parts, split.cuts)
        progress(3, 5, ", ".join(f"{part} {parts[part]['rows']:,}" for part in PARTS))
        sampling = self._write_parts(split, folder, parts)
        progress(
            4, 5, f"{sampling['negatives_after']:,} of {sampling['negatives_before']:,} negatives kept for training"
        )
        not_finite = NotFinite.count(self.connection, self.raw, self.columns)
        warnings = look_for_leaks(self.connection, folder / "train.parquet", self.spec)
        write_json(
            folder / "ledger.json",
            ledger.to_json(_parquet(folder / "rejected.parquet", "file_row_number=true"))
            | identity.to_json()
            | ages
            | {"budget": self.spec.reject_budget, "copies_budget": self.spec.copies_budget}
            | {"not_finite": not_finite.to_json()}
            | {
                "warnings": [
                    *conversion_notes(told),
                    *identity.notes(),
                    *ledger.notes(),
                    *not_finite.notes(),
                    *warnings,
                ]
            },
        )
        write_json(folder / "split.json", self._split_json(split, parts, sampling))
        kept = sum(parts[part]["rows"] for part in PARTS)
        progress(5, 5, f"{kept:,} rows kept, {ledger.rejected:,} rejected ({ledger.share:.2%})")

    def _copy(self, query: str, path: Path, how: str = PARQUET) -> None:
        self.connection.execute(f"COPY ({query}) TO {literal(str(path))} {how}")

    def _read(self) -> Ledger:
        """Type every row, mark the rules that it breaks, and give it a key made of its content."""
        typed = ", ".join(f"{sql} AS {quoted(name)}" for name, sql in self.columns.select().items())
        implicit = [rule for rule in self.rules if rule.kind == "unreadable"]
        declared = [
            rule for rule in self.rules if rule.kind == "rule"
        ]  # these measure what was read, not what stood there
        read = f"SELECT {typed}, {mask(implicit)} AS unreadable FROM {self.raw}"
        marked = f"SELECT * EXCLUDE (unreadable), unreadable | {mask(declared)} AS broken FROM ({read})"
        rounded = ", ".join(f"{sql} AS {quoted(name)}" for name, sql in self.columns.reproducible().items())
        replaced = f"REPLACE ({rounded})" if rounded else ""
        keyed = f"SELECT *, {self.key.hashes(self.names)} FROM (SELECT * {replaced} FROM ({marked}))"
        typed_file = (
            self.work / "typed.parquet"
        )  # its columns are read one by one, and it needs no memory to stay there
        self._copy(keyed, typed_file, QUICK)
        numbered = _parquet(typed_file, "file_row_number=true")
        self.connection.execute(f"CREATE VIEW typed AS SELECT * FROM {numbered}")
        self._refuse_labels()
        shown = [name for name in (self.columns.time, self.spec.columns.list, self.spec.columns.item) if name]
        return Ledger(self.connection, "typed", self.rules, raw=self.raw, shown=shown)

    def _refuse_labels(self) -> None:
        """All that is wrong with the label and the position, which no rule can mend."""
        label, place = quoted(self.columns.label), quoted(self.columns.position) if self.columns.position else "1"
        rows, wrong, low, high, places, first, last = self._one_row(
            f"SELECT count(*), count(*) FILTER ({label} IS NULL OR {label} NOT IN (0, 1)), min({label}), max({label}), "
            f"count({place}), min({place}), max({place}) FROM typed"
        )
        where, problems = f"columns.label {self.columns.label}", Problems()
        if wrong:
            found = f"is not 0 or 1 in {wrong:,} of {rows:,} rows (found {self._wrong_labels()})"
            problems.add(where, found, "Make it 0 or 1 in the SQL", "label-not-0-or-1")
        elif low == high:
            hint = "Look at the SQL's join of outcomes, and at the window"
            problems.add(where, f"is {low:g} in every row", hint, "label-constant")
        where = f"columns.position {self.columns.position}"
        if self.columns.position and (places < rows or first < 1):
            found = f"is missing, not a whole number or below 1 in some of {rows:,} rows (smallest {first})"
            hint = "Log the displayed place from 1; without it there is no debiasing"
            problems.add(where, found, hint, "position-not-a-place")
        elif self.columns.position and first == last:
            hint = "Delete it from the spec: a constant place tells nothing of bias"
            problems.add(where, f"is {first} in every row", hint, "position-constant")
        problems.raise_if_any(DataError)

    def _wrong_labels(self) -> str:
        label = quoted(self.columns.label)
        examples = f"SELECT CAST({label} AS VARCHAR) FROM {self.raw} WHERE {self._is_no_label()}"
        found = self.connection.execute(f"{examples} GROUP BY 1 ORDER BY 1 NULLS FIRST LIMIT 5").fetchall()
        return ", ".join("missing" if value is None else repr(value) for (value,) in found)

    def _is_no_label(self) -> str:
        read = self.columns.select()[self.columns.label]
        return f"{read} IS NULL OR {read} NOT IN (0, 1)"

    def _write_rejected(self, path: Path) -> None:
        names = ", ".join(f"CASE WHEN {rule.broken} THEN {literal(rule.name)} END" for rule in self.rules)
        broken = f"list_filter([{names}], lambda x: x IS NOT NULL)" if names else "CAST([] AS VARCHAR[])"
        kept = ", ".join(quoted(name) for name in self.names)
        query = f"SELECT {kept}, {broken} AS rules FROM typed WHERE broken <> 0 ORDER BY row_key, row_content"
        self._copy(query, path)

    def _keep(self) -> tuple[Identity, dict[str, int]]:
        """The view `kept`: sound rows, old enough, without copies, each with the `unit` that it stays together with."""
        old_enough = "true"
        if self.columns.time and self.spec.source.conversion_days:
            limit = self.end - timedelta(days=self.spec.source.conversion_days)
            old_enough = f"{quoted(self.columns.time)} < TIMESTAMP '{limit.isoformat(sep=' ')}'"
        sound = f"SELECT * FROM typed WHERE broken = 0 AND {old_enough}"
        counts = f"count(*) FILTER (broken = 0), count(*) FILTER (broken = 0 AND {old_enough})"
        usable, mature = self._one_row(f"SELECT {counts} FROM typed")
        if mature == 0:
            raise DataError(self._nothing_left(usable))
        identity = Identity(self.connection, self.key, sound, count=mature)
        identity.refuse_over(self.spec.copies_budget)
        together = unit_of(self.spec)
        unit = f"coalesce(hash({quoted(together)}), row_key)" if together else "row_key"
        rows = identity.source()
        if identity.has_repeats:  # joined once: later steps need the memory
            self._copy(rows, self.work / "kept.parquet", QUICK)
            identity.drop()
            rows = f"SELECT * FROM {_parquet(self.work / 'kept.parquet')}"
        self.connection.execute(f"CREATE VIEW kept AS SELECT *, {unit} AS unit FROM ({rows})")
        return identity, {"immature": usable - mature, "kept": mature - identity.copies.removed}

    def _nothing_left(self, usable: int) -> Problem:
        where = f"source.conversion_days {self.spec.source.conversion_days}"
        hint = "Widen source.window_days, or end the window later"
        return Problem(where, f"leaves none of {usable:,} rows: all are younger", hint, "rows-too-young")

    def _one_row(self, query: str) -> tuple[Any, ...]:
        row = self.connection.execute(query).fetchone()
        assert row is not None  # an aggregate always answers
        return row

    def _write_parts(self, split: Split, folder: Path, parts: dict[str, Any]) -> dict[str, Any]:
        """Parts in an order that follows from their content, which is what makes training repeatable."""
        for part in PARTS:
            self._write_part(split, folder, part, sampled(self.spec, self.columns) if part == "train" else "true")
        before = parts["train"]["rows"] - parts["train"]["positives"]
        after = self._negatives(folder / "train.parquet")
        if before and not after:  # so few that the sample holds none: then all stay
            self._write_part(split, folder, "train", "true")
            after = before
        share = after / before if before else 1.0
        return {"negatives_before": before, "negatives_after": after, "kept_negatives": share}

    def _write_part(self, split: Split, folder: Path, part: str, chosen: str) -> None:
        roles, columns = self.spec.columns, self.columns
        names = [quoted(name) for name in (columns.time, roles.list, columns.position, roles.item) if name]
        order = ", ".join(f"rows.{name}" for name in [*names, "row_key"])
        rows = f"SELECT {columns.in_parts()} FROM {split.source} rows WHERE part = '{part}' AND {chosen}"
        self._copy(f"{rows} ORDER BY {order}", folder / f"{part}.parquet")

    def _negatives(self, path: Path) -> int:
        (count,) = self._one_row(f"SELECT count(*) FILTER ({quoted(self.columns.label)} = 0) FROM {_parquet(path)}")
        return int(count)

    def _split_json(self, split: Split, parts: dict[str, Any], sampling: dict[str, Any]) -> dict[str, Any]:
        return {
            "by": self.spec.split.by,
            "cuts": split.cuts.to_json() if split.cuts else {},
            "parts": {part: parts[part] for part in PARTS},
            "gap": parts["gap"]["rows"],
            "purged": parts["purged"]["rows"],
            "sampling": sampling,
            "cutoff": f"{self.end.isoformat()}Z",
        }


def _parquet(path: Path, *options: str) -> str:
    return f"read_parquet({', '.join([literal(str(path)), *options])})"
