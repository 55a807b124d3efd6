"""Text in a document: printable, and of a length that somebody wrote.

The values of categories are data, not words: a log may hold a tab or a private sign of its own, and a model has to know
it. They are escaped where they are printed, as all text is (`model.text`).
"""

from collections.abc import Iterator

from build.gate.fields.rule import Broken
from model.text import has_controls

LONGEST = 10_000  # characters
PRINTABLE = f"without control characters, at most {LONGEST:,} characters"


def texts(value: object, path: str = "") -> Iterator[tuple[str, str]]:
    """Every text within a JSON value with its path, keys among them. At most `model.files.DEEPEST` levels."""
    if isinstance(value, str):
        yield path, value
    elif isinstance(value, dict):
        for key, inner in value.items():
            yield f"{path} key", key
            yield from texts(inner, f"{path}.{key}" if path else key)
    elif isinstance(value, list | tuple):
        for number, inner in enumerate(value):
            yield from texts(inner, f"{path}.{number}")


def unprintable(value: object) -> Iterator[Broken]:
    """Texts within the value that cannot be printed as they are, or that have no end."""
    for path, text in texts(value):
        if has_controls(text):
            yield Broken(path, f"is {text!r:.100}, which has a control character")
        elif len(text) > LONGEST:
            yield Broken(path, f"has {len(text):,} characters, more than {LONGEST:,}")
