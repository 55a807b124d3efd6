"""Credentials for a registry: none, those of `docker login`, or a token of ECR's (ecr_api.py)."""

import json
import os
import warnings
from pathlib import Path
from typing import ClassVar, Protocol

from build.oci.reference import HUB
from model.errors import KamadoError, Problem


class CredentialsError(KamadoError):
    """What `docker login` stored cannot be read."""

    heading: ClassVar[str] = "the login was refused"


class Login(Protocol):
    """User and password, for a registry that requires them."""

    def credentials(self, *, renew: bool) -> tuple[str, str] | None:
        """`renew`: the credentials returned before were rejected. None = there are none."""
        ...


class DockerLogin:
    """What `docker login` stored for this host, in `config` or with the credential helper that it names."""

    def __init__(self, host: str, config: Path) -> None:
        self.host = host
        self.config = config

    def credentials(self, *, renew: bool) -> tuple[str, str] | None:
        """Raises CredentialsError when there is a login and it cannot be read."""
        if renew or not self.config.is_file():
            return None
        from docker.auth import AuthConfig  # takes a tenth of a second
        from docker.errors import DockerException

        try:
            config = AuthConfig.load_config(None, {"auths": {}, **json.loads(self.config.read_bytes())})
            with warnings.catch_warnings(action="error", category=UserWarning):  # of a helper that is not installed
                entry = config.resolve_authconfig(None if self.host == HUB else self.host) or {}
        except (DockerException, OSError, ValueError, TypeError, AttributeError, UserWarning) as error:
            problem, hint = f"cannot be read ({error})", f"Fix it, or run: docker login {self.host}"
            raise CredentialsError(Problem(f"login in {self.config}", problem, hint, "registry-denied")) from error
        user, password = (entry.get(name) or entry.get(name.lower()) for name in ("Username", "Password"))
        return (user, password) if user and password else None


def docker_login(host: str) -> DockerLogin:
    """From the folder that docker itself would ask: DOCKER_CONFIG, else ~/.docker."""
    folder = Path(os.environ.get("DOCKER_CONFIG") or Path.home() / ".docker")
    return DockerLogin(host, folder / "config.json")
