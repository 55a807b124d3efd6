"""The gate. Every bundle passes it before it becomes an image.

The checks run in a child process with limits on time and memory: a damaged booster can crash the process, and
that must be a refusal with a code, not a crash of the builder.
"""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from model.bundle.folder import RETRAIN
from model.errors import BundleError, Problem

ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class CheckLimits:
    """Limits of one check. A usual bundle takes about a second and 400 MB of address space."""

    seconds: float = 60
    memory: int = 4 << 30


@dataclass(frozen=True)
class VerifiedBundle:
    """What was verified, by digest, so that the builder can compare."""

    digest: str
    verdict_sha256: str | None


DEFAULT = CheckLimits()


def verify(bundle: Path, verdict: Path | None, *, limits: CheckLimits = DEFAULT) -> list[Problem]:
    """Every problem of the bundle, and of the verdict if it is not None; an empty list = verified. Writes nothing."""
    return _check(bundle, verdict, limits)[0]


def verified(
    bundle: Path, verdict: Path, *, limits: CheckLimits = DEFAULT
) -> tuple[VerifiedBundle | None, list[Problem]]:
    """What was checked, by digest, and every problem of it; no digests when the check did not finish."""
    problems, checked = _check(bundle, verdict, limits)
    return checked, problems


def verify_or_raise(
    bundle: Path, verdict: Path | None, *, known: Sequence[Problem] = (), limits: CheckLimits = DEFAULT
) -> VerifiedBundle:
    """The digests of what was verified. Raises BundleError with every problem, those that are already `known` first."""
    problems, checked = _check(bundle, verdict, limits)
    problems = list(dict.fromkeys((*known, *problems)))
    if problems or checked is None:
        raise BundleError(*problems)
    return checked


def _check(bundle: Path, verdict: Path | None, limits: CheckLimits) -> tuple[list[Problem], VerifiedBundle | None]:
    paths = [str(path.absolute()) for path in (bundle, verdict) if path is not None]
    command = [sys.executable, "-m", "build.gate.worker", str(os.getpid()), str(limits.memory), *paths]
    # One thread: thread pools would be most of the address space.
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "PYTHONDONTWRITEBYTECODE": "1"}
    child = subprocess.Popen(
        command,
        cwd=ROOT,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,
    )
    try:
        out, err = child.communicate(timeout=limits.seconds)
    except subprocess.TimeoutExpired:
        child.kill()
        out, err = child.communicate()
        return [*_read(out)[0], _died(f"took longer than {limits.seconds:g} s", "check-timeout")], None
    except BaseException:  # the builder was interrupted
        child.kill()
        child.communicate()
        raise
    problems, checked = _read(out)
    if child.returncode < 0:
        name = signal.Signals(-child.returncode).name
        problems.append(_died(f"was killed by {name} while it was being checked", "check-killed"))
    elif child.returncode > 0 or checked is None:
        last = (err.decode(errors="replace").strip().splitlines() or ["no reason given"])[-1]
        problems.append(_died(f"could not be checked completely ({last:.200})", "check-crashed"))
    return problems, checked


def _died(problem: str, code: str) -> Problem:
    return Problem("bundle", problem, RETRAIN, code)


def _read(out: bytes) -> tuple[list[Problem], VerifiedBundle | None]:
    """The child's results, up to the last complete line."""
    results = [json.loads(line) for line in out.decode().split("\n")[:-1]]
    problems = [Problem(**value) for value in results if "code" in value]
    verified = [VerifiedBundle(**value) for value in results if "digest" in value]
    return problems, verified[0] if verified else None
