"""Settings from the environment of everything that builds or fetches. `main()` and the step wrappers pass theirs on."""

import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

DIRTY = "-dirty"


def cache_folder(environ: Mapping[str, str]) -> Path:
    """Where base images and locks are kept: KAMADO_CACHE, else ~/.cache/kamado."""
    return Path(environ.get("KAMADO_CACHE") or Path.home() / ".cache" / "kamado")


def signing_key(environ: Mapping[str, str]) -> Path | None:
    """KAMADO_SIGNING_KEY, a file; without it bundles are not signed."""
    path = environ.get("KAMADO_SIGNING_KEY")
    return Path(path) if path else None


def required_key(environ: Mapping[str, str]) -> Path | None:
    """KAMADO_REQUIRE_KEY, a file with a public key: what its owner has not signed is refused everywhere."""
    path = environ.get("KAMADO_REQUIRE_KEY")
    return Path(path) if path else None


def git_commit(environ: Mapping[str, str], files: Sequence[Path] = ()) -> str | None:
    """The git commit of this code: KAMADO_COMMIT, which the steps' image carries, else that of this checkout.

    It ends with -dirty where the checkout has changes that are in no commit, or one of `files` is not in it.
    """
    if commit := environ.get("KAMADO_COMMIT"):
        return commit
    commit = _git("describe", "--always", "--abbrev=40", "--dirty", "--exclude=*")
    names = [str(file.absolute()) for file in files]
    if commit is None or commit.endswith(DIRTY) or not names:
        return commit
    return commit if _git("ls-files", "--error-unmatch", "--", *names) is not None else commit + DIRTY


def _git(*words: str) -> str | None:
    """What git answers about this checkout; None where it refuses, or is not there."""
    command = ["git", "-C", str(Path(__file__).parent), "--literal-pathspecs", *words]
    try:
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        return None
