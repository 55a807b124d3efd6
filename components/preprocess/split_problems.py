"""Splits that cannot be learned from or evaluated on, and how the spec gives them more rows."""

from collections.abc import Sequence

from artifacts.split import SPLITS, SplitName
from components.preprocess.splitter import Counts, Cut
from model.errors import DataError, Problems
from model.spec.types import Spec


def refuse_empty(spec: Spec, cuts: Sequence[Cut], counts: Sequence[Counts]) -> None:
    """Raises DataError for every split without rows or without both classes, and for a train split too small.

    A split without both classes passes where all splits together have fewer conversions than a verdict needs of the
    test splits alone: evaluation then answers insufficient-data.
    """
    problems = Problems()
    tested = sum(count.splits.test.positives for count in counts)
    for cut, count in zip(cuts, counts, strict=True):
        enough = max(tested, sum(count.splits[name].positives for name in SPLITS)) >= spec.promotion.min_conversions
        _add_empty(spec, cut, count, problems, enough=enough)
        _add_small_train(spec, cut, count, problems)
    problems.raise_if_any(DataError)


def _add_empty(spec: Spec, cut: Cut, counts: Counts, problems: Problems, *, enough: bool) -> None:
    moments = cut.times.document().model_dump() if cut.times else {}
    dates = f" ({', '.join(f'{name} {moment}' for name, moment in moments.items())})" if moments else ""
    for name in SPLITS:
        rows, positives = counts.splits[name].rows, counts.splits[name].positives
        if rows == 0:
            problems.add(_where(cut, name), f"has no rows{dates}", _more_rows(spec, name), "split-empty")
        elif positives in (0, rows) and enough:
            what = "no conversion" if positives == 0 else "nothing but conversions"
            hint = f"{_more_rows(spec, name)}, or fix the label in the SQL"
            problems.add(_where(cut, name), f"has {what} in {rows:,} rows{dates}", hint, "split-one-class")


def _add_small_train(spec: Spec, cut: Cut, counts: Counts, problems: Problems) -> None:
    rows = counts.splits.train.rows
    share = rows / counts.total if counts.total else 0.0
    if rows and share < spec.split.min_train_share:
        lost = f"gap {counts.gap:,}, purged {counts.purged:,} of {counts.total:,} rows"
        problem = f"keeps {share:.1%}, less than split.min_train_share ({lost})"
        hint = f"{_more_rows(spec, 'train')}, or lower split.min_train_share"
        problems.add(_where(cut, "train"), problem, hint, "split-train-small")


def _where(cut: Cut, name: SplitName) -> str:
    return f"split.{name}" if cut.number == 1 else f"split.{name} of cut {cut.number}"


def _more_rows(spec: Spec, name: SplitName) -> str:
    """How a split gets more rows, in the keys that this spec uses."""
    unit = "days" if spec.split.test_days else "share"
    lower = f"lower split.test_{unit} or split.calibration_{unit}"
    change = lower if name == "train" else f"raise split.{name}_{unit}"
    window = "widen source.window_days" if spec.source.window_days else "let the SQL select more rows"
    gap = ", lower source.conversion_days" if spec.split.by == "time" and spec.source.conversion_days else ""
    cuts = ", lower split.cuts" if spec.split.cuts > 1 else ""
    advice = f"{window}, {change}{gap}{cuts}"
    return advice[:1].upper() + advice[1:]
