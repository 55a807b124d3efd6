"""What a registry answers, as the types that the distribution specification says."""

from collections.abc import Mapping
from dataclasses import dataclass

from build.oci.image import parsed
from model.files import JSON

WORDS = 300  # characters of an answer that are shown
MOST_ERRORS = 3


@dataclass(frozen=True)
class ErrorEntry:
    """One entry of an error body's `errors`; `code` is the specification's, or the registry's own."""

    code: str
    message: str


def errors(text: str) -> list[ErrorEntry]:
    """Of an error body; none when it is not one."""
    try:
        listed = parsed(text.encode()).get("errors")
    except ValueError:
        return []
    entries = [entry for entry in listed if isinstance(entry, dict)] if isinstance(listed, list) else []
    return [ErrorEntry(str(entry["code"]), str(entry.get("message") or "")) for entry in entries if entry.get("code")]


def reason(text: str) -> str:
    """Codes and messages of an error body; of anything else its beginning."""
    entries = errors(text)[:MOST_ERRORS]
    lines = [f"{entry.code}: {entry.message}" if entry.message else entry.code for entry in entries]
    return ("; ".join(lines) or text)[:WORDS]


def tag_names(answer: Mapping[str, JSON]) -> list[str]:
    """`tags` of a page; a repository that has none sends null. Raises ValueError."""
    names = answer.get("tags") or []
    texts = [name for name in names if isinstance(name, str)] if isinstance(names, list) else []
    if not isinstance(names, list) or len(texts) < len(names):
        raise ValueError("has tags that are not a list of texts")
    return texts


def token(answer: Mapping[str, JSON]) -> str | None:
    """The token of a token server's answer; None when there is none that can be sent in a header."""
    value = answer.get("token") or answer.get("access_token")
    return value if isinstance(value, str) and value.isascii() and value.isprintable() else None
