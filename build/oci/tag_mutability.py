"""Which tags of an ECR repository never move: its mutability, and the filters of tags for which the opposite holds."""

import re
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class TagRules:
    """As DescribeRepositories tells them. `filters` are wildcards in which * stands for any number of characters."""

    mutability: str
    filters: tuple[str, ...] = ()

    @classmethod
    def of(cls, repository: Any) -> "TagRules":
        entries = repository.get("imageTagMutabilityExclusionFilters") or []
        return cls(str(repository["imageTagMutability"]), tuple(str(entry["filter"]) for entry in entries))

    @property
    def all_move(self) -> bool:
        return self.mutability == "MUTABLE"

    def filter_of(self, tag: str) -> str | None:
        """The first filter that matches, if any does."""
        return next((pattern for pattern in self.filters if _matches(pattern, tag)), None)

    def may_move(self, tag: str) -> bool:
        """Whether another image may take the tag. Of a kind that is not known here every tag may."""
        if self.mutability == "MUTABLE_WITH_EXCLUSION":
            return self.filter_of(tag) is None
        if self.mutability == "IMMUTABLE_WITH_EXCLUSION":
            return self.filter_of(tag) is not None
        return self.mutability != "IMMUTABLE"


def _matches(pattern: str, tag: str) -> bool:
    return re.fullmatch(".*".join(map(re.escape, pattern.split("*"))), tag) is not None
