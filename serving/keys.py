"""The keys of a body, looked at before any of its values is used.

A parser keeps the last of two equal keys and says nothing, and a body of a hundred thousand unknown keys costs far more
to describe than to read. Both are found here, and the search ends after the first few.
"""

import json
import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from itertools import islice

Path = tuple[str, ...]
NAMED_VALUE = re.compile(rb'"[ \t\r\n]*:')
SPACE = re.compile(r"[ \t\r\n]*")
DECODER = json.JSONDecoder()


@dataclass(frozen=True)
class Keys:
    """The keys that an object may have; `inside` are those of the objects under some of them."""

    names: Collection[str]
    inside: dict[str, "Keys"] = field(default_factory=dict)

    @property
    def number(self) -> int:
        """How many there are when each is given once."""
        return len(self.names) + sum(keys.number for keys in self.inside.values())

    def may_have_surplus(self, body: bytes) -> bool:
        """False for a body that cannot have a key too many, however it is written: it has too few colons.

        True says nothing yet: a text may hold a colon too.
        """
        if body.count(b":") <= self.number:
            return False
        return next(islice(NAMED_VALUE.finditer(body), self.number, None), None) is not None


@dataclass(frozen=True)
class SurplusKey:
    """A key that is given twice, or is unknown; `path` leads to it from the top."""

    path: Path
    twice: bool


def surplus_keys(text: str, keys: Keys) -> Iterator[SurplusKey]:
    """Every surplus key in the order of the text.

    It ends early where the text is not JSON, which is for the parser to tell, and at an object in place of a value,
    which is for the types to tell.
    """
    try:
        yield from _Walk(text).members(0, keys, ())
    except (IndexError, ValueError, RecursionError):
        return


class _Walk:
    def __init__(self, text: str) -> None:
        self._text = text
        self._index = 0

    def members(self, index: int, keys: Keys, path: Path) -> Iterator[SurplusKey]:
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
            if name in keys.inside and self._next() == "{":
                yield from self.members(self._index, keys.inside[name], (*path, name))
            else:
                self._value()
            if self._next() != ",":
                break
            self._expect(",")
        self._expect("}")

    def _next(self) -> str:
        """The next character that is no space, which stays the next."""
        space = SPACE.match(self._text, self._index)
        assert space is not None  # no space at all matches too
        self._index = space.end()
        return self._text[self._index]

    def _expect(self, character: str) -> None:
        if self._next() != character:
            raise ValueError(f"{character} was expected")
        self._index += 1

    def _value(self) -> str:
        if self._next() == "{":
            raise ValueError("no value of ours is an object")
        value, self._index = DECODER.raw_decode(self._text, self._index)
        return value if isinstance(value, str) else ""
