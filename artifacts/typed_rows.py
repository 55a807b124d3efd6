"""The rows that extract writes and preprocess reads: their columns, what identifies a row, the rules that it breaks.

Their one file has the columns that the spec uses, in the types of the splits. Beside them it has `row_key`, a hash
of what identifies the row, `broken`, a bit for each rule that the row breaks, and a map of texts by column, as the
query had them: labels that are not 0 or 1, and what was read as a number and is not a finite one. In nearly every row
it is NULL.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Literal

from model.errors import DataError, Problem
from model.expression import Expression
from model.spec.columns import IDS
from model.spec.types import Spec
from model.sql import literal, quoted

RAW = quoted("raw texts")  # no column of a spec has a blank in its name
MOST_RULES = 63  # bits of `broken`


@dataclass(frozen=True)
class RowKey:
    """The columns that identify a row, none if nothing does. `declared` in columns.key, else they follow from roles."""

    columns: tuple[str, ...]
    declared: bool

    @classmethod
    def of(cls, spec: Spec) -> "RowKey":
        roles = spec.columns
        if roles.key:
            return cls(roles.key, True)
        if roles.list and roles.item and roles.time:
            return cls((roles.list, roles.item, roles.time), False)
        return cls((), False)

    def is_complete(self) -> str:
        """SQL that is true where a row has all of its ids."""
        return " AND ".join(f"{quoted(name)} IS NOT NULL" for name in self.columns) or "false"


@dataclass(frozen=True)
class RejectionRule:
    """One reason to reject a row. `bit` is its index in a row's mask `broken`."""

    name: str
    kind: Literal["rule", "unreadable"]
    bit: int
    expression: str | None = None
    min: float | None = None
    max: float | None = None

    @property
    def unreadable(self) -> str | None:
        """The column whose texts this rule could not read as numbers."""
        word, _, column = self.name.partition(" ")
        return column if (self.kind, word) == ("unreadable", "unreadable") else None

    @property
    def columns(self) -> tuple[str, ...]:
        """What the rule measures."""
        return Expression.parse(self.expression).columns if self.expression else (self.name.split(" ", 1)[1],)

    @property
    def broken(self) -> str:
        """SQL over a row's mask."""
        return f"(broken & {1 << self.bit}) <> 0"


class TypedRows:
    """What the files hold for a spec. `types` are name -> GoogleSQL type of the query's result.

    Raises DataError for more rules than a mask has bits.
    """

    def __init__(self, spec: Spec, types: Mapping[str, str]) -> None:
        self.spec = spec
        self.types = {name: types[name] for name in spec.used_columns}
        roles = spec.columns
        self.label, self.time, self.position, self.explore = roles.label, roles.time, roles.position, roles.explore
        self.propensity = roles.propensity
        numbers = [name for name, feature in spec.features.items() if feature.kind == "number"]
        in_rules = [name for rule in spec.reject for name in Expression.parse(rule.expression).columns]
        self.measures = list(dict.fromkeys([*numbers, *in_rules]))
        typed = (roles.label, roles.time, roles.position, roles.explore, roles.propensity, *self.measures)
        key = [name for name in roles.key if name not in typed]
        self.ids = list(dict.fromkeys([*(name for role in IDS if (name := getattr(roles, role))), *key]))
        categories = [name for name, feature in spec.features.items() if feature.kind == "category"]
        group = [spec.split.group] if spec.split.group else []
        self.texts = [
            name
            for name in dict.fromkeys([*categories, *spec.promotion.slices, *group])
            if name not in (*self.ids, *self.measures)
        ]
        self.key = RowKey.of(spec)
        self.rules = self._rules()

    @property
    def names(self) -> list[str]:
        """The columns that the splits have too, in their order."""
        every = (self.label, self.time, self.position, self.explore, self.propensity)
        roles = [name for name in every if name]
        measures = [name for name in self.measures if name not in (*roles, *self.ids, *self.texts)]
        return list(dict.fromkeys([*measures, *roles, *self.ids, *self.texts]))

    @property
    def floats_and_texts(self) -> list[str]:
        """The columns that are read as numbers and may not be finite ones."""
        texts = self._texts_as_numbers
        return [name for name in self._numbers if name in texts or self.types[name] == "FLOAT64"]

    @property
    def _texts_as_numbers(self) -> list[str]:
        return [name for name in self._numbers if self.types[name] == "STRING"]

    @property
    def _numbers(self) -> list[str]:
        """Whose rows are rejected where their text is not a number: measures and a propensity."""
        return list(dict.fromkeys([*self.measures, *([self.propensity] if self.propensity else [])]))

    def content(self) -> str:
        """SQL of a hash of all values of a row."""
        return f"hash({', '.join(map(quoted, self.names))})"

    @property
    def sha256(self) -> str:
        """Of all that the files' columns and bits follow from: rows of another spec cannot be taken for these."""
        rules = [asdict(rule) for rule in self.rules]
        roles = [self.label, self.time, self.position, self.explore, self.propensity]  # each is typed in its own way
        content = [self.names, self.types, roles, self.measures, self.ids, self.texts, asdict(self.key), rules]
        return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()

    def _rules(self) -> tuple[RejectionRule, ...]:
        """The implicit rules first, then the declared ones. A row is counted under every rule that it breaks."""
        needed = [name for name in (self.time, self.spec.columns.list, *self.spec.columns.key) if name]
        names = [*(f"unreadable {name}" for name in self._texts_as_numbers), *(f"missing {name}" for name in needed)]
        implicit = [RejectionRule(name, "unreadable", bit) for bit, name in enumerate(dict.fromkeys(names))]
        declared = [
            RejectionRule(rule.name, "rule", bit, rule.expression, rule.min, rule.max)
            for bit, rule in enumerate(self.spec.reject, len(implicit))
        ]
        if len(implicit) + len(declared) > MOST_RULES:
            problem = f"are {len(declared)}, and {len(implicit)} columns are texts that have to be read as numbers"
            hint = f"Together they may be {MOST_RULES}: CAST numbers in the SQL, or join rules"
            raise DataError(Problem("reject rules", problem, hint, "rules-too-many"))
        return (*implicit, *declared)


def raw(name: str) -> str:
    """SQL of the text of the column `name` as the query had it, where the row has one; else NULL."""
    return f"{RAW}[{literal(name)}]"


def row_file(folder: Path) -> Path:
    """The Parquet file in the folder of extract."""
    return folder / "rows" / "part-00000.parquet"
