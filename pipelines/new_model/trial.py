"""A draft is tried on the table's rows with the step that will refuse it: preprocess, its leak guard included."""

import json
import shutil
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from components.preprocess.preprocess import preprocess
from model.errors import DataError, KamadoError, Problem
from model.spec.reader import read_spec
from pipelines.new_model.draft import Draft, Split, sql_of, yaml_of
from pipelines.new_model.names import shown

FEATURE = "features."
SPLIT = "split."
COPIES = "copies_budget"


def settle(draft: Draft, splits: Sequence[Split], rows: Path, scratch: Path) -> tuple[Draft, int]:
    """The draft without what the leak guard suspects, divided in the first way of `splits` that the rows allow; and the
    conversions in its test part.

    `rows` is a folder as extract leaves it. Raises DataError when no feature is left or no division is possible.
    """
    refusals: list[str] = []
    for split in splits:
        try:
            return _without_copies(replace(draft, split=_explained(split, refusals)), rows, scratch)
        except DataError as refusal:
            if not all(problem.where.startswith(SPLIT) for problem in refusal.problems):
                raise
            named = "" if split.user else f", without {draft.roles['user']}"
            refusals.append(
                f"By {split.by}{named} it does not work: {refusal.problems[0].where} {refusal.problems[0].problem}."
            )
    few = f"{draft.profile.conversions:,} of {draft.profile.rows:,} rows convert"
    hint = "A model needs rows with and without a conversion in each of three parts: name a table with more of them"
    raise DataError(Problem("TABLE", f"cannot be divided: {few}. {refusals[-1]}", hint, "split-impossible"))


def _explained(split: Split, refusals: Sequence[str]) -> Split:
    """With what was tried before, and why that did not work."""
    return replace(split, why="\n".join([split.why, *(shown(refusal, 300) for refusal in refusals)]))


def _without_copies(draft: Draft, rows: Path, scratch: Path) -> tuple[Draft, int]:
    """Without the item where list, item and time, which identify a row unless a key is declared, do not."""
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
            raise DataError(_nothing_left(draft))
        suspects, conversions = _try(draft, rows, scratch)
        if not suspects:
            return draft, conversions
        draft = draft.without(suspects)


def _nothing_left(draft: Draft) -> Problem:
    reasons = "; ".join(f"{name} {shown(why, 200)}" for name, why in draft.left_out.items())
    hint = "Join the columns that describe the items, and name that table"
    return Problem("TABLE", f"has no column that a model can learn from ({reasons})", hint, "features-none")


def _try(draft: Draft, rows: Path, scratch: Path) -> tuple[dict[str, str], int]:
    """Feature -> why the leak guard suspects it, and the conversions of the test part. Other refusals are raised."""
    (scratch / "spec").mkdir(exist_ok=True)
    (scratch / "spec" / "spec.yaml").write_text(yaml_of(draft, scratch / "spec"), "utf-8")
    (scratch / "spec" / "training.sql").write_text(sql_of(draft), "utf-8")
    parts = scratch / "parts"
    try:
        preprocess(read_spec(scratch / "spec"), rows, parts, progress=lambda *_: None)
        warnings = json.loads((parts / "ledger.json").read_text("utf-8"))["warnings"]
        split = json.loads((parts / "split.json").read_text("utf-8"))
        return dict(_suspects(warnings)), int(split["parts"]["test"]["positives"])
    except KamadoError as refusal:
        suspects = dict(_suspects([f"{problem.where} {problem.problem}" for problem in refusal.problems]))
        if len(suspects) < len(refusal.problems):
            raise
        return suspects, 0
    finally:
        shutil.rmtree(parts, ignore_errors=True)


def _suspects(sentences: Sequence[str]) -> Iterator[tuple[str, str]]:
    """The guard's sentences begin with the feature that they are about."""
    for sentence in sentences:
        if sentence.startswith(FEATURE):
            name, _, why = sentence.removeprefix(FEATURE).partition(" ")
            yield name, why
