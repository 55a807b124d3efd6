"""What the environment says to everything that makes or reads images. The environment itself is an argument."""

import subprocess
from collections.abc import Mapping
from pathlib import Path


def cache(environ: Mapping[str, str]) -> Path:
    """The folder of server bases and locks: KAMADO_CACHE, else ~/.cache/kamado."""
    return Path(environ.get("KAMADO_CACHE") or Path.home() / ".cache" / "kamado")


def signing_key(environ: Mapping[str, str]) -> Path | None:
    """KAMADO_SIGNING_KEY, a file with a private key; without it bundles are not signed."""
    return _path(environ, "KAMADO_SIGNING_KEY")


def required_key(environ: Mapping[str, str]) -> Path | None:
    """KAMADO_REQUIRE_KEY, a file with a public key: what its owner has not signed is refused everywhere."""
    return _path(environ, "KAMADO_REQUIRE_KEY")


def commit(environ: Mapping[str, str]) -> str | None:
    """The git commit of this code: KAMADO_COMMIT, which the steps' image sets, else what git says of this folder."""
    if value := environ.get("KAMADO_COMMIT"):
        return value
    command = ["git", "-C", str(Path(__file__).parent), "describe", "--always", "--abbrev=40", "--dirty", "--exclude=*"]
    try:
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        return None


def _path(environ: Mapping[str, str], name: str) -> Path | None:
    value = environ.get(name)
    return Path(value) if value else None
