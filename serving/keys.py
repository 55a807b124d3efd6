"""Duplicate and unknown keys of a body, found before any of its values is used.

A parser silently keeps the last of two equal keys, and a body of a hundred thousand unknown keys costs far more to
describe than to read. Both are found here, and the search ends after the first few.
"""

import json
import re
from collections.abc import Iterator, Set
from dataclasses import dataclass, field
from itertools import islice

from pydantic import JsonValue

KeyPath = tuple[str | int, ...]
NAMED_VALUE = re.compile(rb'"[ \t\r\n]*:')
WHITESPACE = re.compile(r"[ \t\r\n]*")
# Of a list, up to its end or an object.
SIMPLE_ITEMS = re.compile(r'\[(?:[^\[\]{}"]++|"(?:[^"\\]++|\\.)*+")*+', re.DOTALL)
DECODER = json.JSONDecoder()


def may_have_more(body: bytes, keys: int) -> bool:
    """False for a body that has at most so many keys. True is inconclusive: strings may hold what looks like one."""
    if body.count(b":") <= keys:
        return False
    return next(islice(NAMED_VALUE.finditer(body), keys, None), None) is not None


@dataclass(frozen=True)
class Keys:
    """The keys that an object, or each object of a list, may have; `nested` are those of what is under some of them."""

    names: Set[str]
    nested: dict[str, "Keys"] = field(default_factory=dict)

    def count_in(self, value: JsonValue) -> int:
        """How many of these keys a parsed value has; a duplicate is lost by then."""
        if isinstance(value, list):
            return sum(map(self.count_in, value))
        if not isinstance(value, dict):
            return 0
        own = len(value.keys() & self.names)
        return own + sum(keys.count_in(value[name]) for name, keys in self.nested.items() if name in value)


@dataclass(frozen=True)
class SurplusKey:
    """A key that is a duplicate, or else unknown; `path` leads to it from the top.

    With `is_nested` neither: an object or a list of lists stands under it, in place of values.
    """

    path: KeyPath
    is_duplicate: bool
    is_nested: bool = False


class _Nested(ValueError):
    """An object or a list of lists stands in place of values."""


def surplus_keys(text: str, keys: Keys) -> Iterator[SurplusKey]:
    """Every surplus key in the order of the text.

    The iteration ends early where the text is not JSON, which the parser reports, and with the first nested key.
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
            nested = keys.nested.get(name)
            if nested is not None and self._next() == "{":
                yield from self.members(self._index, nested, (*path, name))
            elif nested is not None and self._next() == "[":
                yield from self._objects(nested, (*path, name))
            else:
                try:
                    self._value()
                except _Nested:
                    yield SurplusKey((*path, name), is_duplicate=False, is_nested=True)
                    raise
            if self._next() != ",":
                break
            self._expect(",")
        self._expect("}")

    def _objects(self, keys: Keys, path: KeyPath) -> Iterator[SurplusKey]:
        """Of the list of objects that is next."""
        self._expect("[")
        number = 0
        while self._next() != "]":
            yield from self.members(self._index, keys, (*path, number))
            number += 1
            if self._next() != ",":
                break
            self._expect(",")
        self._expect("]")

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
        first = self._next()
        if first == "{":
            raise _Nested
        if first == "[":
            items = SIMPLE_ITEMS.match(self._text, self._index)
            assert items is not None  # it matches a bracket alone
            self._index = items.end()
            if self._next() in "[{":
                raise _Nested
            self._expect("]")
            return ""
        value, self._index = DECODER.raw_decode(self._text, self._index)
        return value if isinstance(value, str) else ""
