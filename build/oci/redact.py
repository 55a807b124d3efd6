"""What may be said of an address: not the password in it, nor the keys of an upload that is under way."""

import re

# user:password@ after a scheme, or at the very beginning; a user may be a mail address, and a password hold a slash.
LOGIN = re.compile(r"(?<=://)\S*@(?!sha256:)|^[^\s@/]*:(?!//)\S*@(?!sha256:)|^[^\s:/]+@[^\s:/]+:\S*@(?!sha256:)")
PARAMETER = re.compile(r"(?<=[?&])([\w.~-]+)=[^&\s\"'<>\\]*")
HARMLESS = frozenset({"n", "last", "digest", "mount", "from", "service", "scope"})  # of the distribution specification
HIDDEN = "…"


def redacted(text: str) -> str:
    """The text with the login of every address, and every value of a query that may be a key, left out."""
    return PARAMETER.sub(_parameter, LOGIN.sub(f"{HIDDEN}@", text))


def has_login(address: str) -> bool:
    return LOGIN.search(address) is not None


def _parameter(match: re.Match[str]) -> str:
    return match[0] if match[1] in HARMLESS else f"{match[1]}={HIDDEN}"
