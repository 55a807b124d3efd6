"""Settings from the environment of everything that builds or fetches. `main()` and the step wrappers pass theirs on."""

import subprocess
from collections.abc import Mapping
from pathlib import Path


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


def git_commit(environ: Mapping[str, str]) -> str | None:
    """The git commit of this code: KAMADO_COMMIT, which the steps' image carries, else that of this checkout."""
    if commit := environ.get("KAMADO_COMMIT"):
        return commit
    command = ["git", "-C", str(Path(__file__).parent), "describe", "--always", "--abbrev=40", "--dirty", "--exclude=*"]
    try:
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        return None
