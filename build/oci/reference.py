"""The name of an image in a registry."""

import re
from dataclasses import dataclass

HUB = "registry-1.docker.io"
HOST = r"[a-zA-Z0-9.-]+\.[a-zA-Z0-9.-]+(?::\d+)?|localhost(?::\d+)?|[a-zA-Z0-9.-]+:\d+"
_PART = r"[a-z0-9]+(?:(?:\.|__?|-+)[a-z0-9]+)*"
REPOSITORY = rf"{_PART}(?:/{_PART})*"  # as the distribution specification has it: no "..", which would lead elsewhere
REFERENCE = re.compile(
    rf"(?:(?P<host>{HOST})/)?(?P<repository>{REPOSITORY})"
    r"(?::(?P<tag>\w[\w.-]{0,127}))?(?:@(?P<digest>sha256:[0-9a-f]{64}))?"
)


@dataclass(frozen=True)
class Reference:
    """A parsed reference; a digest counts more than a tag."""

    host: str
    repository: str
    reference: str

    @classmethod
    def parse(cls, text: str) -> "Reference":
        """Raises ValueError. Without a host it is Docker Hub's, where a name without a folder is in `library`."""
        match = REFERENCE.fullmatch(text)
        if match is None:
            raise ValueError(f"{text!r} names no image")
        host, repository = match["host"], match["repository"]
        if host in (None, "docker.io"):
            host = HUB
            repository = repository if "/" in repository else f"library/{repository}"
        return cls(host, repository, match["digest"] or match["tag"] or "latest")


def is_loopback(host: str) -> bool:
    """Loopback is asked without TLS, all else with."""
    return host.split(":")[0] in ("localhost", "127.0.0.1")
