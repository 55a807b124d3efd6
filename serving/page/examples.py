"""Golden rows to start from: over the whole range of probabilities, and those with something unusual."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import orjson

from model.bundle.features import CategoryFeature, Input
from model.bundle.golden import GoldenRow
from serving.page.markup import Html, element
from serving.page.text import percent

QUANTILES = 7


@dataclass(frozen=True)
class Example:
    """A golden row, its index, and what is unusual about it."""

    index: int
    row: GoldenRow
    nulls: int
    unknown: tuple[str, ...]

    @property
    def is_usual(self) -> bool:
        return not self.nulls and not self.unknown

    def option(self, *, selected: bool) -> Html:
        """The script fills the form from its data, and compares the answer with the stored probability."""
        notes = [f"{self.nulls} not known"] if self.nulls else []
        notes += [f"unknown {name}" for name in self.unknown]
        text = " · ".join([f"golden row {self.index}", percent(self.row.probability), *notes])
        return element(
            "option",
            text,
            value=str(self.index),
            selected=selected,
            data_row=orjson.dumps(self.row.input).decode(),
            data_probability=orjson.dumps(self.row.probability).decode(),
        )


def examples(golden: Sequence[GoldenRow], features: Sequence[Input]) -> list[Example]:
    """Usual rows from the least to the most probable, then one of each unusual kind."""
    described = [_example(index, row, features) for index, row in enumerate(golden)]
    return [*_spread([example for example in described if example.is_usual]), *_unusual(described)]


def _spread(usual: Sequence[Example]) -> list[Example]:
    ordered = sorted(usual, key=lambda example: example.row.probability)
    if len(ordered) <= QUANTILES:
        return ordered
    last = len(ordered) - 1
    return [ordered[round(last * step / (QUANTILES - 1))] for step in range(QUANTILES)]


def _unusual(described: Sequence[Example]) -> Iterator[Example]:
    kinds = set()
    for example in described:
        kind = (min(example.nulls, 2), example.unknown)
        if not example.is_usual and kind not in kinds:
            kinds.add(kind)
            yield example


def _example(index: int, row: GoldenRow, features: Sequence[Input]) -> Example:
    nulls = sum(row.input[feature.name] is None for feature in features)
    unknown = tuple(feature.name for feature in features if _is_unknown(row, feature))
    return Example(index, row, nulls, unknown)


def _is_unknown(row: GoldenRow, feature: Input) -> bool:
    value = row.input[feature.name]
    return isinstance(feature, CategoryFeature) and value is not None and value not in feature.known
