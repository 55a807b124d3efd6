"""Target statistics of categories: how often rows of a value converted, as a number, for all values that occur.

A row never sees its own label, nor one that was not known yet when it was shown: its numbers come from earlier rows
alone ("ordered" statistics: Prokhorenkova et al., CatBoost, NeurIPS 2018). With a time column earlier means so long ago
that a conversion would be known by then. Without one it means before it in an order by hash, in which the rows of a
group have one rank. The table in the bundle is of all rows.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from artifacts.splits import batches
from components.train.split_rows import group_columns, groups_of, labels_of, times_of
from model.arrays import Floats, Ints
from model.bundle.features import CategoryFeature, Feature, Input, StatisticFeature
from model.spec.types import Spec

FEWEST_VALUES = 30  # of a category that gets a statistic unasked: trees tell fewer apart by themselves
STRENGTHS = (1.0, 3.0, 10.0, 30.0, 100.0, 300.0, 1000.0)
CERTAIN = 2.0  # standard errors of what a statistic that the spec does not ask for must tell
DIGITS = 4  # of a value in the table
DAY = 86_400 * 10**6  # microseconds
MIXED = np.uint64(0x9E3779B97F4A7C15)  # an order by hash that no division into folds follows


@dataclass(frozen=True)
class RowFile:
    """A file of rows to learn from. Each of its non-conversions counts as `negative` of one: the share of them that is
    sampled later."""

    path: Path
    negative: float = 1.0


@dataclass(frozen=True)
class Statistics:
    """`features` are the matrix's columns, the statistics last. `ordered` are the values of these by name, of every row
    of the files in their order, float32: what a model learns from."""

    features: tuple[Feature, ...]
    ordered: Mapping[str, NDArray[np.float32]]


def learn_statistics(
    spec: Spec, files: Sequence[RowFile], inputs: Sequence[Input], *, names: Collection[str] | None = None
) -> Statistics:
    """Of the categories in `names`; without it of those that the spec asks for, and of others with many values that
    tell something. Raises DataError for files that are damaged."""
    categories = [feature for feature in inputs if isinstance(feature, CategoryFeature)]
    candidates = [feature for feature in categories if _is_candidate(spec, feature, names)]
    if not candidates:
        return Statistics(tuple(_without_rare(feature) for feature in inputs), {})
    rows = _read(spec, files, candidates)
    wanted = {name for name, feature in spec.features.items() if feature.statistic} if names is None else {*names}
    learned = {}
    for feature in candidates:
        statistic, ordered, gain = _learn(feature, rows)
        if feature.name in wanted or gain >= CERTAIN:
            learned[feature.name] = statistic, ordered
    return Statistics(
        features=(
            *(feature if feature.name in learned else _without_rare(feature) for feature in inputs),
            *(statistic for statistic, _ in learned.values()),
        ),
        ordered={statistic.name: ordered for statistic, ordered in learned.values()},
    )


def _is_candidate(spec: Spec, feature: CategoryFeature, names: Collection[str] | None) -> bool:
    if names is not None:
        return feature.name in names
    wanted = spec.features[feature.name].statistic
    return len(feature.known) >= FEWEST_VALUES if wanted is None else wanted


def _without_rare(feature: Input) -> Input:
    return feature.model_copy(update={"rare": ()}) if isinstance(feature, CategoryFeature) else feature


@dataclass(frozen=True)
class _Rows:
    """Rows that statistics are counted over. `rank` is theirs in the order;
    row i sees the rows of ranks below `sees[i]`. `weight` is what a row counts."""

    codes: dict[str, Ints]
    converted: Floats
    weight: Floats
    rank: Ints
    sees: Ints


def _read(spec: Spec, files: Sequence[RowFile], features: Sequence[CategoryFeature]) -> _Rows:
    roles = spec.columns
    # Rows of a list are shown at once, whatever their times say.
    group = group_columns(spec) if roles.time is None else (roles.list,) if roles.list else ()
    ordering = (roles.time, *group) if roles.time else group
    columns = list(dict.fromkeys((roles.label, *ordering, *(feature.name for feature in features))))
    codes: dict[str, list[Ints]] = {feature.name: [] for feature in features}
    labels, weights, groups, times = [], [], [], []
    start = 0
    for file in files:
        for batch in batches(file.path, columns):
            label = labels_of(batch[roles.label], f"{file.path} {roles.label}").astype(np.float64)
            labels.append(label)
            weights.append(np.where(label > 0, 1.0, file.negative))
            groups.append(groups_of(batch, group, start))
            if roles.time:
                times.append(times_of(batch[roles.time]))
            for feature in features:
                codes[feature.name].append(_codes(feature, batch[feature.name]))
            start += batch.num_rows
    if times:
        rank, sees = _by_time(np.concatenate(times), np.concatenate(groups), spec.source.conversion_days * DAY)
    else:
        rank = np.unique(np.concatenate(groups) * MIXED, return_inverse=True)[1]
        sees = rank
    weight = np.concatenate(weights)
    return _Rows(
        codes={name: np.concatenate(parts) for name, parts in codes.items()},
        converted=np.concatenate(labels) * weight,
        weight=weight,
        rank=rank,
        sees=sees,
    )


def _codes(feature: CategoryFeature, column: pa.Array) -> Ints:
    """Input codes; unknown values have the next code and missing ones that after it."""
    column = column.dictionary_encode() if not pa.types.is_dictionary(column.type) else column
    missing = len(feature.known) + 1
    codes = np.append(feature.codes(column.dictionary.to_pylist()), np.nan)
    whole: Ints = np.where(np.isnan(codes), missing, codes).astype(np.int64)
    chosen: Ints = whole[column.indices.fill_null(len(codes) - 1).to_numpy(zero_copy_only=False)]
    return chosen


def _by_time(times: Ints, lists: NDArray[np.uint64], wait: int) -> tuple[Ints, Ints]:
    """Each row's rank, and the first rank that it does not see: that of the rows of `wait` before its list."""
    moments, rank = np.unique(times, return_inverse=True)
    number, row = np.unique(lists, return_inverse=True)
    shown = np.full(len(number), np.iinfo(np.int64).max)
    np.minimum.at(shown, row, times)
    return rank, np.searchsorted(moments, shown[row] - wait)


def _learn(feature: CategoryFeature, rows: _Rows) -> tuple[StatisticFeature, NDArray[np.float32], float]:
    """The statistic, its value for every row, and how many standard errors its gain of log loss on these is above 0."""
    codes = rows.codes[feature.name]
    count, converted = _seen(codes, rows)
    everywhere = np.zeros(len(codes), np.int64)
    all_count, all_converted = _seen(everywhere, rows)
    prior = (all_converted + 0.5) / (all_count + 1)
    base = _log_odds(prior)
    sign = np.where(rows.converted > 0, -1.0, 1.0)
    without = np.logaddexp(0.0, sign * base)
    best, best_gain = STRENGTHS[-1], -np.inf
    for strength in STRENGTHS:
        margin = _log_odds((converted + strength * prior) / (count + strength))
        gains = rows.weight * (without - np.logaddexp(0.0, sign * margin))
        gain = gains.sum()
        if gain > best_gain:
            best, best_gain = strength, gain
            certainty = gain / (np.sqrt(np.square(gains).sum()) or 1.0)
    margin = _log_odds((converted + best * prior) / (count + best))
    ordered = np.where(codes == len(feature.known), 0.0, margin - base).astype(np.float32)
    return _table(feature, rows, best), ordered, float(certainty)


def _seen(codes: Ints, rows: _Rows) -> tuple[Floats, Floats]:
    """For every row how many rows of its code it sees, and how many of them converted, both weighted."""
    width = int(rows.rank.max()) + 2
    keys = codes * width + rows.rank
    order = np.argsort(keys, kind="stable")
    keys = keys[order]
    first, end = np.searchsorted(keys, codes * width), np.searchsorted(keys, codes * width + rows.sees)
    count, converted = (np.append(0.0, np.cumsum(values[order])) for values in (rows.weight, rows.converted))
    return count[end] - count[first], converted[end] - converted[first]


def _table(feature: CategoryFeature, rows: _Rows, strength: float) -> StatisticFeature:
    codes, size = rows.codes[feature.name], len(feature.known) + 2
    count, converted = np.bincount(codes, rows.weight, size), np.bincount(codes, rows.converted, size)
    prior = (converted.sum() + 0.5) / (count.sum() + 1)
    values = _log_odds((converted + strength * prior) / (count + strength)) - _log_odds(prior)
    values = np.round(values, DIGITS) + 0.0
    return StatisticFeature(
        name=f"{feature.name} (statistic)",
        input=feature.name,
        prior=float(prior),
        strength=strength,
        missing=float(values[-1]),
        values=tuple(values[:-2].tolist()),
    )


def _log_odds(rate: Floats) -> Floats:
    odds: Floats = np.log(rate / (1 - rate))
    return odds
