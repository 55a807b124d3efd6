"""Duplicate and unknown keys of a body, found before any of its values is used.

A parser silently keeps the last of two equal keys, and a body of a hundred thousand unknown keys costs far more to
describe than to read. Both are found here, and the search ends after the first few.
"""

import json
import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from itertools import islice

KeyPath = tuple[str, ...]
NAMED_VALUE = re.compile(rb'"[ \t\r\n]*:')
WHITESPACE = re.compile(r"[ \t\r\n]*")
DECODER = json.JSONDecoder()


@dataclass(frozen=True)
class Keys:
    """The keys that an object may have; `nested` are those of the objects under some of them."""

    names: Collection[str]
    nested: dict[str, "Keys"] = field(default_factory=dict)

    @property
    def count(self) -> int:
        """How many keys there are when each appears once."""
        return len(self.names) + sum(keys.count for keys in self.nested.values())

    def may_have_surplus(self, body: bytes) -> bool:
        """False for a body that has too few colons for a surplus key. True is inconclusive: strings may hold colons."""
        if body.count(b":") <= self.count:
            return False
        return next(islice(NAMED_VALUE.finditer(body), self.count, None), None) is not None


@dataclass(frozen=True)
class SurplusKey:
    """A key that is a duplicate, or else unknown; `path` leads to it from the top."""

    path: KeyPath
    is_duplicate: bool


def surplus_keys(text: str, keys: Keys) -> Iterator[SurplusKey]:
    """Every surplus key in the order of the text.

    The iteration ends early where the text is not JSON, which the parser reports, and at an object in place of a value,
    which the types report.
    """
    try:
        yield from _KeyScanner(text).members(0, keys, ())
    except (IndexError, ValueError, RecursionError):
        return


class _KeyScanner:
    def __init__(self, text: str) -> None:
        self._text = text
        self._index = 0

    def members(self, index: int, keys: Keys, path: KeyPath) -> Iterator[SurplusKey]:
        """Of the object that begins at `index`. Raises IndexError or ValueError where the text is not JSON."""
        self._index = index
        self._expect("{")
        seen: set[str] = set()
        while self._next() == '"':
            name = self._value()
            if name in seen or name not in keys.names:
                yield SurplusKey((*path, name), name in seen)
            seen.add(name)
            self._expect(":")
            if name in keys.nested and self._next() == "{":
                yield from self.members(self._index, keys.nested[name], (*path, name))
            else:
                self._value()
            if self._next() != ",":
                break
            self._expect(",")
        self._expect("}")

    def _next(self) -> str:
        """The next character that is not whitespace; it is not consumed."""
        whitespace = WHITESPACE.match(self._text, self._index)
        assert whitespace is not None  # the pattern matches the empty string too
        self._index = whitespace.end()
        return self._text[self._index]

    def _expect(self, character: str) -> None:
        if self._next() != character:
            raise ValueError(f"expected {character}")
        self._index += 1

    def _value(self) -> str:
        if self._next() == "{":
            raise ValueError("a value of a row is never an object")
        value, self._index = DECODER.raw_decode(self._text, self._index)
        return value if isinstance(value, str) else ""
