"""Names of columns: their words, their aliases in a spec, and how they are printed."""

import json
import keyword
import re
import unicodedata
from collections.abc import Iterable

import yaml

from model.spec.values import COLUMN, RESERVED
from model.text import printable

WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[0-9]+")
LONGEST = 70  # with a number after it, still short enough for the name of a rule


def words_of(name: str) -> tuple[str, ...]:
    """customerID -> customer, id; srch_id -> srch, id."""
    return tuple(word.lower() for word in WORD.findall(name))


def aliases(names: Iterable[str]) -> dict[str, str]:
    """Name -> its alias in the spec: the name itself where a spec allows it. Aliases are unique whatever their case."""
    used: set[str] = set()
    return {name: _unused(_legal(name, number), used) for number, name in enumerate(names, 1)}


def _legal(name: str, number: int) -> str:
    if re.fullmatch(COLUMN, name) and len(name) <= LONGEST and name.lower() not in RESERVED:
        return name
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode()
    plain = re.sub(r"[^A-Za-z0-9]+", "_", plain).strip("_")[:LONGEST]
    if not plain:
        return f"column_{number}"
    return f"the_{plain}" if plain[0].isdigit() or plain.lower() in RESERVED else plain


def _unused(name: str, used: set[str]) -> str:
    """GoogleSQL ignores case."""
    alias, number = name, 1
    while alias.lower() in used:
        number += 1
        alias = f"{name}_{number}"
    used.add(alias.lower())
    return alias


def in_expressions(alias: str) -> bool:
    """Whether a reject rule can use it: the grammar of rules reserves Python's keywords."""
    return not keyword.iskeyword(alias)


def in_yaml(text: str) -> str:
    """The text so that YAML reads it back: quoted where it would be read as another type, like `no` or `null`."""
    plain = re.fullmatch(r"[A-Za-z_][A-Za-z0-9_ -]*", text) and text == text.strip()
    return text if plain and yaml.safe_load(text) == text else json.dumps(text)


def one_line(text: str, longest: int = 60) -> str:
    """The text on one line, without control characters: safe in a comment and on a screen."""
    line = printable(text)
    return line if len(line) <= longest else f"{line[: longest - 1]}…"
