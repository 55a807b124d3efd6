"""One document with its style and script inside, and a policy under which nothing else loads or runs."""

import base64
import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from serving.page.markup import Html, element, join

FOLDER = Path(__file__).parent
STYLE = "style.css"


@dataclass(frozen=True)
class Page:
    """A document, and its Content-Security-Policy."""

    html: str
    policy: str


def assemble(title: str, body: Sequence[Html], *, scripts: Sequence[str] = ()) -> Page:
    """The page with this body; `scripts` are files of this folder, which run as one, in this order."""
    style = _read(STYLE)
    script = "".join(map(_read, scripts))
    head = element(
        "head",
        element("meta", charset="utf-8"),
        element("meta", name="viewport", content="width=device-width, initial-scale=1"),
        element("title", title),
        element("link", rel="icon", href="data:,"),
        element("style", Html(style)),
    )
    skip = element("a", "Skip to the content", href="#content", class_="skip")
    last = element("script", Html(script)) if script else None
    document = element("html", head, element("body", skip, join(*body), last), lang="en")
    return Page(f"<!doctype html>\n{document.text}\n", _policy(style, script))


def _read(name: str) -> str:
    return (FOLDER / name).read_text("utf-8")


def _policy(style: str, script: str) -> str:
    """Content-Security-Policy: only this style and this script, requests only to this server, no frame around it."""
    sources: Mapping[str, str] = {
        "default-src": "'none'",
        "style-src": _hash(style),
        "script-src": _hash(script) if script else "'none'",
        "connect-src": "'self'" if script else "'none'",
        "img-src": "data:",
        "base-uri": "'none'",
        "form-action": "'none'",
        "frame-ancestors": "'none'",
        "require-trusted-types-for": "'script'",
    }
    return "; ".join(f"{directive} {source}" for directive, source in sources.items())


def _hash(content: str) -> str:
    digest = hashlib.sha256(content.encode()).digest()
    return f"'sha256-{base64.b64encode(digest).decode()}'"
