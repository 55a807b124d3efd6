"""The gate. Every bundle passes here before it becomes an image, and there is no way around.

The checks run in a child process with limits on time and memory: a damaged booster can take the process down with it,
and that must be a refusal with a code, not a crash of the builder.
"""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from model.bundle.bundle import RETRAIN
from model.errors import BundleError, Problem

ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class Limits:
    """What a check may take at most. A usual bundle takes about a second and 400 MB of address space."""

    seconds: float = 60
    memory: int = 4 << 30


@dataclass(frozen=True)
class VerifiedBundle:
    """What was verified, by digest: whoever builds on it compares."""

    digest: str
    verdict_sha256: str | None


DEFAULT = Limits()


def verify(bundle: Path, verdict: Path | None, *, limits: Limits = DEFAULT) -> list[Problem]:
    """Every problem of the bundle, and of the verdict when one is given; none = sound. Writes nothing."""
    return _check(bundle, verdict, limits)[0]


def verified(bundle: Path, verdict: Path, *, limits: Limits = DEFAULT) -> tuple[VerifiedBundle | None, list[Problem]]:
    """What was looked at, by digest, and every problem of it; no digests when the check did not come to its end."""
    problems, sound = _check(bundle, verdict, limits)
    return sound, problems


def verify_or_raise(
    bundle: Path, verdict: Path | None, *, known: Sequence[Problem] = (), limits: Limits = DEFAULT
) -> VerifiedBundle:
    """The digests of what was verified. Raises BundleError with every problem, those that are `known` already first."""
    problems, sound = _check(bundle, verdict, limits)
    problems = list(dict.fromkeys((*known, *problems)))
    if problems or sound is None:
        raise BundleError(*problems)
    return sound


def _check(bundle: Path, verdict: Path | None, limits: Limits) -> tuple[list[Problem], VerifiedBundle | None]:
    paths = [str(path.absolute()) for path in (bundle, verdict) if path is not None]
    command = [sys.executable, "-m", "build.gate.worker", str(os.getpid()), str(limits.memory), *paths]
    # One thread: the gate shares a pod with nothing to hurry for, and thread pools are most of its address space.
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
    problems, sound = _read(out)
    if child.returncode < 0:
        name = signal.Signals(-child.returncode).name
        problems.append(_died(f"was killed by {name} while it was being checked", "check-killed"))
    elif child.returncode > 0 or sound is None:
        last = (err.decode(errors="replace").strip().splitlines() or ["no reason given"])[-1]
        problems.append(_died(f"could not be checked to the end ({last:.200})", "check-crashed"))
    return problems, sound


def _died(found: str, code: str) -> Problem:
    return Problem("bundle", found, RETRAIN, code)


def _read(out: bytes) -> tuple[list[Problem], VerifiedBundle | None]:
    """What the child told, up to the last whole line."""
    told = [json.loads(line) for line in out.decode().split("\n")[:-1]]
    problems = [Problem(**value) for value in told if "code" in value]
    ends = [VerifiedBundle(**value) for value in told if "digest" in value]
    return problems, ends[0] if ends else None
