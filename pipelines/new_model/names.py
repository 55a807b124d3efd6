"""Names of columns: what words they are made of, what they are called in a spec, and how they are shown."""

import json
import keyword
import re
import unicodedata
from collections.abc import Iterable

import yaml

from model.spec.values import COLUMN, RESERVED
from model.text import printable

WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[0-9]+")
LONGEST = 70  # with a number behind it, still short enough for the name of a rule


def words_of(name: str) -> tuple[str, ...]:
    """customerID -> customer, id; srch_id -> srch, id."""
    return tuple(word.lower() for word in WORD.findall(name))


def aliases(names: Iterable[str]) -> dict[str, str]:
    """Name -> the name that it has in the spec, which is its own wherever a spec allows it; no two are alike."""
    used: set[str] = set()
    return {name: _unused(_legal(name, place), used) for place, name in enumerate(names, 1)}


def _legal(name: str, place: int) -> str:
    if re.fullmatch(COLUMN, name) and len(name) <= LONGEST and name.lower() not in RESERVED:
        return name
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode()
    plain = re.sub(r"[^A-Za-z0-9]+", "_", plain).strip("_")[:LONGEST]
    if not plain:
        return f"column_{place}"
    return f"the_{plain}" if plain[0].isdigit() or plain.lower() in RESERVED else plain


def _unused(wanted: str, used: set[str]) -> str:
    """GoogleSQL does not tell small letters from capital ones."""
    alias, number = wanted, 1
    while alias.lower() in used:
        number += 1
        alias = f"{wanted}_{number}"
    used.add(alias.lower())
    return alias


def in_expressions(alias: str) -> bool:
    """Whether a reject rule can name it: a rule's grammar has Python's reserved words."""
    return not keyword.iskeyword(alias)


def in_yaml(text: str) -> str:
    """The text as YAML reads it back: in quotes where it would be read as something else, like `no` or `null`."""
    plain = re.fullmatch(r"[A-Za-z_][A-Za-z0-9_ -]*", text) and text == text.strip()
    return text if plain and yaml.safe_load(text) == text else json.dumps(text)


def shown(text: str, longest: int = 60) -> str:
    """One line without control characters, whatever the table holds: safe in a comment and on a screen."""
    line = printable(text)
    return line if len(line) <= longest else f"{line[: longest - 1]}…"
