"""What a caller asks of a build."""

from dataclasses import dataclass
from pathlib import Path

from build.image.smoke_test.smoke_test import Way


@dataclass(frozen=True)
class BuildRequest:
    """`to` names the image store; `base` is a reference, or None for a base made on this machine (`server_base`).

    `commit` is the git commit of this code, where it is known; `key` signs bundle and verdict; `required` is the public
    key that must have signed them.
    """

    to: str
    base: str | None
    cache: Path
    smoke_test: Way = "auto"
    commit: str | None = None
    key: Path | None = None
    required: Path | None = None
