"""The verdict of evaluate: a bundle without one, or with another's, never becomes an image."""

import math
import os
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from model.bundle import Manifest
from model.errors import Fault
from model.files import parse_json
from model.verdict import SEAL, seal_of

EVALUATE = "Run evaluate on this very bundle; its verdict.json is what VERDICT names"
MOST_BYTES = 5_000_000


def read_verdict(path: Path) -> tuple[bytes, list[Fault]]:
    """The file's bytes, or the fault that keeps them from being looked at."""
    try:
        status = path.stat()
        if not stat.S_ISREG(status.st_mode) or status.st_size > MOST_BYTES:
            return b"", [Fault(str(path), "is not a file of a verdict's size", EVALUATE, "verdict-missing")]
        with os.fdopen(os.open(path, os.O_RDONLY | os.O_NONBLOCK), "rb") as file:
            return file.read(MOST_BYTES), []
    except FileNotFoundError:
        return b"", [Fault(str(path), "is missing: no verdict, no image", EVALUATE, "verdict-missing")]
    except OSError as error:
        return b"", [Fault(str(path), f"cannot be read ({error.strerror})", EVALUATE, "verdict-missing")]


def judge(data: bytes, *, digest: str | None, manifest: Manifest | None) -> list[Fault]:
    """Every fault of the verdict for the bundle of this digest. What is None was faulty already and is not compared."""
    try:
        verdict = parse_json(data)
    except ValueError as error:  # UnicodeDecodeError is one
        return [_fault("file", f"is not JSON ({error})", "verdict-json")]
    if not isinstance(verdict, dict):
        return [_fault("file", "is not an object", "verdict-json")]
    return [*_seal(verdict), *_decision(verdict), *_binding(verdict, digest, manifest), *_metrics(verdict)]


def _fault(where: str, found: str, code: str) -> Fault:
    return Fault(f"verdict {where}", found, EVALUATE, code)


def _seal(verdict: dict[str, Any]) -> Iterator[Fault]:
    if verdict.get(SEAL) != seal_of(verdict):
        found = "is not that of what it says: the file was damaged, or edited by hand"
        yield _fault(SEAL, found, "verdict-digest")


def _decision(verdict: dict[str, Any]) -> Iterator[Fault]:
    found = verdict.get("verdict")
    if found != "promote":
        way_out = "Only `promote` becomes an image; the verdict's reasons say what to improve"
        yield Fault("verdict", f"is {found!r:.60}", way_out, "verdict-not-promote")
        return
    reasons = verdict.get("reasons")
    if not isinstance(reasons, list) or not reasons:
        yield _fault("reasons", "are absent", "verdict-reasons")
        return
    for reason in reasons:
        if not isinstance(reason, dict) or reason.get("passed") is not True:
            says = reason.get("says") if isinstance(reason, dict) else reason
            yield _fault("reasons", f"hold one that did not pass ({says!r:.120})", "verdict-reasons")


def _binding(verdict: dict[str, Any], digest: str | None, manifest: Manifest | None) -> Iterator[Fault]:
    if digest is not None and verdict.get("bundle") != digest:
        yield _fault("bundle", f"is {verdict.get('bundle')!r:.90}, this bundle is {digest}", "verdict-other-bundle")
    if manifest is None:
        return
    for name in ("spec_sha256", "sql_sha256"):
        if verdict.get(name) != getattr(manifest.lineage, name):
            yield _fault(name, "is not the one that the bundle was trained from", "verdict-other-spec")


def _metrics(verdict: dict[str, Any]) -> Iterator[Fault]:
    metrics = verdict.get("metrics")
    if not isinstance(metrics, dict) or not metrics:
        yield _fault("metrics", "are absent", "verdict-metrics")
        return
    for name, value in metrics.items():
        if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
            yield _fault(f"metrics.{name}", f"is {value!r:.60}, not a finite number", "verdict-metrics")
