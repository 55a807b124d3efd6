"""What a registry answers, as the types that the distribution specification says. Everything raises ValueError."""

from dataclasses import dataclass
from typing import Any

from build.oci.image import DIGEST, parsed

WORDS = 300  # characters of an answer that are told
MOST_ERRORS = 3


@dataclass(frozen=True)
class Error:
    """One entry of an error body's `errors`; `code` is the specification's, or the registry's own."""

    code: str
    message: str


def errors(text: str) -> list[Error]:
    """Of an error body; none when it is not one."""
    try:
        entries = parsed(text.encode()).get("errors")
    except ValueError:
        return []
    listed = [entry for entry in entries if isinstance(entry, dict)] if isinstance(entries, list) else []
    return [Error(str(entry["code"]), str(entry.get("message") or "")) for entry in listed if entry.get("code")]


def reason(text: str) -> str:
    """Codes and messages of an error body; of anything else its beginning."""
    told = [f"{error.code}: {error.message}" if error.message else error.code for error in errors(text)[:MOST_ERRORS]]
    return ("; ".join(told) or text)[:WORDS]


def tag_names(answer: dict[str, Any]) -> list[str]:
    """`tags` of a page; a repository that has none sends null."""
    names = answer.get("tags") or []
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        raise ValueError("tags that are not a list of texts")
    return names


def descriptors(answer: dict[str, Any]) -> list[dict[str, Any]]:
    """`manifests` of an index."""
    entries = answer.get("manifests") or []
    if not isinstance(entries, list) or not all(_is_descriptor(entry) for entry in entries):
        raise ValueError("manifests that are not a list of descriptors")
    return entries


def token(answer: dict[str, Any]) -> str | None:
    """The token of a token server's answer; None when there is none that can stand in a header."""
    given = answer.get("token") or answer.get("access_token")
    return given if isinstance(given, str) and given.isascii() and given.isprintable() else None


def _is_descriptor(entry: Any) -> bool:
    if not isinstance(entry, dict):
        return False
    digest, kind = entry.get("digest"), entry.get("artifactType", "")
    return isinstance(digest, str) and DIGEST.fullmatch(digest) is not None and isinstance(kind, str)
