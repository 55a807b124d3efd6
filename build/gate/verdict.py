"""The verdict of evaluate. A bundle becomes an image only with a verdict of its own digest."""

import os
import stat
from pathlib import Path

from build.gate.fields.context import VerdictContext
from build.gate.fields.rule import problems, rules_of
from build.gate.fields.verdict import TABLE
from model.bundle.manifest import BundleManifest
from model.errors import Problem
from model.files import parse_json

EVALUATE = "Run evaluate on this very bundle; its verdict.json is what VERDICT names"
MOST_BYTES = 5_000_000


def read_verdict(path: Path) -> tuple[bytes, list[Problem]]:
    """The file's bytes, or the problem why they cannot be read."""
    try:
        status = path.stat()
        if not stat.S_ISREG(status.st_mode) or status.st_size > MOST_BYTES:
            return b"", [Problem(str(path), "is not a regular file of at most 5 MB", EVALUATE, "verdict-missing")]
        with os.fdopen(os.open(path, os.O_RDONLY | os.O_NONBLOCK), "rb") as file:
            return file.read(MOST_BYTES), []
    except FileNotFoundError:
        return b"", [Problem(str(path), "is missing: no verdict, no image", EVALUATE, "verdict-missing")]
    except OSError as error:
        return b"", [Problem(str(path), f"cannot be read ({error.strerror})", EVALUATE, "verdict-missing")]


def verdict_problems(data: bytes, *, digest: str | None, manifest: BundleManifest | None) -> list[Problem]:
    """Every problem of the verdict for the bundle of this digest. What is None is invalid and not compared."""
    try:
        document = parse_json(data)
    except ValueError as error:  # UnicodeDecodeError is one
        return [Problem("verdict file", f"is not JSON ({error})", EVALUATE, "verdict-json")]
    if not isinstance(document, dict):
        return [Problem("verdict file", "is not an object", EVALUATE, "verdict-json")]
    return problems(rules_of(TABLE), VerdictContext(document, digest, manifest), document="verdict", hint=EVALUATE)
