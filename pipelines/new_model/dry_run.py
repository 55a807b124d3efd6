"""Runs preprocess, leak guard included, on the table's rows with a draft, and changes the draft until it passes."""

import shutil
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from artifacts.rejection_report import RejectionReport
from artifacts.split import SplitSummary
from components.extract.extract import type_rows
from components.preprocess.preprocess import preprocess
from model.errors import DataError, KamadoError, Problem
from model.spec.reader import read_spec
from pipelines.new_model.draft import Draft, SplitDecision, sql_of, yaml_of
from pipelines.new_model.names import one_line

FEATURE = "features."
SPLIT = "split."
COPIES = "copies_budget"


def dry_run(draft: Draft, splits: Sequence[SplitDecision], rows: Path, scratch: Path) -> tuple[Draft, int]:
    """The draft without features that the leak guard suspects, with the first of `splits` that the rows allow; and the
    conversions in its test split.

    `rows` is a folder with the rows as their query gave them. Raises DataError when no feature or no possible split
    remains.
    """
    refusals: list[str] = []
    for split in splits:
        try:
            return _without_copies(replace(draft, split=_explained(split, refusals)), rows, scratch)
        except DataError as refusal:
            if not all(problem.where.startswith(SPLIT) for problem in refusal.problems):
                raise
            without_user = "" if split.user else f", without {draft.roles['user']}"
            reason = f"{refusal.problems[0].where} {refusal.problems[0].problem}"
            refusals.append(f"A split by {split.by}{without_user} is not possible: {reason}.")
    few = f"{draft.profile.conversions:,} of {draft.profile.rows:,} rows convert"
    hint = "A model needs rows with and without a conversion in each of three splits: use a table with more of them"
    raise DataError(Problem("TABLE", f"cannot be split: {few}. {refusals[-1]}", hint, "split-impossible"))


def _explained(split: SplitDecision, refusals: Sequence[str]) -> SplitDecision:
    """The split with the splits that were tried before it, and why they are not possible."""
    return replace(split, why="\n".join([split.why, *(one_line(refusal, 300) for refusal in refusals)]))


def _without_copies(draft: Draft, rows: Path, scratch: Path) -> tuple[Draft, int]:
    """Drops the role of the item where list, item and time do not identify a row, unless there is a key."""
    try:
        return _without_leaks(draft, rows, scratch)
    except DataError as refusal:
        if "item" not in draft.roles or any(problem.where != COPIES for problem in refusal.problems):
            raise
        reason = f"is an id, and as the item it would identify rows with list and time: {refusal.problems[0].problem}"
        return _without_leaks(draft.without_item(reason), rows, scratch)


def _without_leaks(draft: Draft, rows: Path, scratch: Path) -> tuple[Draft, int]:
    while True:
        if not draft.features:
            raise DataError(_no_features(draft))
        suspects, conversions = _try(draft, rows, scratch)
        if not suspects:
            return draft, conversions
        draft = draft.without(suspects)


def _no_features(draft: Draft) -> Problem:
    reasons = "; ".join(f"{name} {one_line(why, 200)}" for name, why in draft.left_out.items())
    without = f" ({reasons})" if reasons else ": the label and the columns that have roles are all of them"
    hint = "Join the columns that describe the items, and use that table"
    return Problem("TABLE", f"has no column that a model can learn from{without}", hint, "features-none")


def _try(draft: Draft, rows: Path, scratch: Path) -> tuple[dict[str, str], int]:
    """Feature -> why the leak guard suspects it, and the conversions of the test split. Raises all other errors."""
    (scratch / "spec").mkdir(exist_ok=True)
    (scratch / "spec" / "spec.yaml").write_text(yaml_of(draft, scratch / "spec"), "utf-8")
    (scratch / "spec" / "training.sql").write_text(sql_of(draft), "utf-8")
    typed, splits = scratch / "typed", scratch / "splits"
    try:
        spec = read_spec(scratch / "spec")
        type_rows(spec, rows, typed)
        preprocess(spec, typed, splits, progress=lambda *_: None)
        warnings = RejectionReport.read(splits).warnings
        return dict(_suspects(warnings)), SplitSummary.read(splits).splits.test.positives
    except KamadoError as refusal:
        suspects = dict(_suspects([f"{problem.where} {problem.problem}" for problem in refusal.problems]))
        if len(suspects) < len(refusal.problems):
            raise
        return suspects, 0
    finally:
        for folder in (typed, splits):
            shutil.rmtree(folder, ignore_errors=True)


def _suspects(sentences: Sequence[str]) -> Iterator[tuple[str, str]]:
    """The guard's sentences begin with the name of a feature."""
    for sentence in sentences:
        if sentence.startswith(FEATURE):
            name, _, why = sentence.removeprefix(FEATURE).partition(" ")
            yield name, why
