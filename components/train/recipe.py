"""What the search chose, as a manifest carries it: the settings of the ensemble's members, and how they start.

A manifest's `search` is flat. The first setting has its names as they are, the second's begin with `2.`, the third's
with `3.`.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from artifacts.training import StartName
from components.train.boosting import Parameters
from model.bundle.manifest import Trees

SearchFields = dict[str, str | int | float | bool | None]
MOST_SETTINGS = 3


@dataclass(frozen=True)
class MemberSetting:
    """Where boosting starts, for how many rounds, and XGBoost's parameters."""

    start: StartName
    rounds: int
    parameters: Parameters

    def longer(self, factor: float) -> "MemberSetting":
        return replace(self, rounds=round(self.rounds * factor))


@dataclass(frozen=True)
class Recipe:
    """`settings`, best first, take turns among the members. `strength` is C of the logistic regression of a linear
    start."""

    settings: tuple[MemberSetting, ...]
    strength: float

    def member(self, number: int) -> MemberSetting:
        """The setting of the ensemble's member `number`, from 0."""
        return self.settings[number % len(self.settings)]

    def trees(self, members: int, *, position: bool) -> Trees:
        """Of an ensemble with so many members, each of which has a tree for the `position`."""
        return Trees.of(tuple(self.member(number).rounds + position for number in range(members)))

    def longer(self, factor: float) -> "Recipe":
        """With more rounds, where members learn from more rows."""
        return replace(self, settings=tuple(setting.longer(factor) for setting in self.settings))

    def replacing(self, search: SearchFields) -> SearchFields:
        """A manifest's `search` with this recipe."""
        return {name: value for name, value in search.items() if name in NOT_OF_XGBOOST} | self.fields()

    def fields(self) -> SearchFields:
        """As a manifest's `search` has it."""
        fields: SearchFields = {"linear_strength": self.strength}
        for prefix, setting in zip(_prefixes(), self.settings, strict=False):
            values = {"start": setting.start, "rounds": setting.rounds, **setting.parameters}
            fields |= {prefix + name: value for name, value in values.items()}
        return fields

    @classmethod
    def of(cls, search: Mapping[str, str | int | float | bool | None]) -> "Recipe":
        """Of the manifest of a bundle that train wrote."""
        settings = tuple(_setting(search, prefix) for prefix in _prefixes() if f"{prefix}start" in search)
        return cls(settings, float(str(search["linear_strength"])))


NOT_OF_XGBOOST = {
    *("kind", "start", "rounds", "linear_strength", "log_loss", "trials", "stopped_by", "seed"),
    *("engine", "workers"),
}


def _prefixes() -> Iterator[str]:
    yield ""
    yield from (f"{number}." for number in range(2, MOST_SETTINGS + 1))


def _setting(search: Mapping[str, str | int | float | bool | None], prefix: str) -> MemberSetting:
    own = {name.removeprefix(prefix): value for name, value in search.items() if name.startswith(prefix)}
    parameters: Parameters = {
        name: value
        for name, value in own.items()
        if isinstance(value, int | float) and name not in NOT_OF_XGBOOST and "." not in name
    }
    return MemberSetting("linear" if own["start"] == "linear" else "trees", int(str(own["rounds"])), parameters)
