"""Text in a document: printable, and of limited length.

The values of categories are data: a log may hold a tab or a private-use character, and the model must know it. They are
escaped where they are printed, as all text is (`model.text`).
"""

from collections.abc import Iterator

from build.gate.fields.rule import Violation
from model.files import JSON
from model.text import has_controls

LONGEST = 10_000  # characters
PRINTABLE = f"without control characters, at most {LONGEST:,} characters"


def texts(value: JSON, path: str = "") -> Iterator[tuple[str, str]]:
    """Every text within a JSON value with its path, keys among them. At most `model.files.DEEPEST` levels."""
    if isinstance(value, str):
        yield path, value
    elif isinstance(value, dict):
        for key, inner in value.items():
            yield f"{path} key", key
            yield from texts(inner, f"{path}.{key}" if path else key)
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            yield from texts(inner, f"{path}.{index}")


def unprintable(value: JSON) -> Iterator[Violation]:
    """Texts within the value that have control characters or are too long."""
    for path, text in texts(value):
        if has_controls(text):
            yield Violation(path, f"is {text!r:.100}, which has a control character")
        elif len(text) > LONGEST:
            yield Violation(path, f"has {len(text):,} characters, more than {LONGEST:,}")
