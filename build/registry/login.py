"""Who asks a registry: nobody in particular, who `docker login` kept, or a token of ECR's (publish/ecr.py)."""

import base64
import binascii
import json
from pathlib import Path
from typing import Protocol


class Login(Protocol):
    """Gives user and password when a registry asks for them."""

    def credentials(self, *, renew: bool) -> tuple[str, str] | None:
        """`renew`: those given before were turned down. None = there are none."""
        ...


class DockerLogin:
    """What `docker login` kept for this host in its config.json, if anything. Credential helpers are not asked."""

    def __init__(self, host: str, config: Path) -> None:
        self.host = host
        self.config = config

    def credentials(self, *, renew: bool) -> tuple[str, str] | None:
        if renew:
            return None
        try:
            kept = json.loads(self.config.read_bytes())["auths"][self.host]["auth"]
            user, _, password = base64.b64decode(kept).decode().partition(":")
        except (OSError, ValueError, KeyError, TypeError, binascii.Error):
            return None
        return user, password


def docker_login(host: str) -> DockerLogin:
    return DockerLogin(host, Path.home() / ".docker" / "config.json")
