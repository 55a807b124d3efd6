"""An image as data: content-addressed blobs, a config, a manifest that names them (OCI image specification 1.1)."""

import hashlib
import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, BinaryIO

INDEX = "application/vnd.oci.image.index.v1+json"
MANIFEST = "application/vnd.oci.image.manifest.v1+json"
CONFIG = "application/vnd.oci.image.config.v1+json"
LAYER = "application/vnd.oci.image.layer.v1.tar+gzip"
DOCKER_INDEX = "application/vnd.docker.distribution.manifest.list.v2+json"
DOCKER_MANIFEST = "application/vnd.docker.distribution.manifest.v2+json"
DOCKER_CONFIG = "application/vnd.docker.container.image.v1+json"
DOCKER_LAYER = "application/vnd.docker.image.rootfs.diff.tar.gzip"


def digest_of(data: bytes) -> str:
    return f"sha256:{hashlib.sha256(data).hexdigest()}"


DIGEST = re.compile(r"sha256:[0-9a-f]{64}")


def parsed(data: bytes) -> dict[str, Any]:
    """The JSON object that somebody else wrote. Raises ValueError for anything else."""
    try:
        found = json.loads(data)
    except RecursionError:
        raise ValueError("is nested without end") from None
    if not isinstance(found, dict):
        raise ValueError("is not a JSON object")
    return found


def config_of(manifest: bytes) -> str | None:
    """The digest of the config that a manifest names; None for a list of images, and for what is none."""
    try:
        found = parsed(manifest)["config"]["digest"]
    except (ValueError, LookupError, TypeError):
        return None
    return found if isinstance(found, str) and DIGEST.fullmatch(found) else None


def dump(value: object) -> bytes:
    """One byte sequence per value: sorted and compact."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), allow_nan=False).encode()


@dataclass(frozen=True)
class Blob:
    """Bytes known by their digest before they are read. `open` may fetch them from afar; readers compare the digest.

    `origin` is the HOST/REPOSITORY where a registry has them already, so that it can be asked to take them from there.
    """

    digest: str
    size: int
    media_type: str
    open: Callable[[], BinaryIO]
    origin: str | None = None

    @property
    def descriptor(self) -> dict[str, Any]:
        return {"mediaType": self.media_type, "digest": self.digest, "size": self.size}


@dataclass(frozen=True)
class Image:
    """What is published. Its identity is the digest of the manifest; that of the config outlives a new gzip."""

    config: bytes
    layers: tuple[Blob, ...]
    docker: bool = False

    @property
    def manifest(self) -> bytes:
        config_type = DOCKER_CONFIG if self.docker else CONFIG
        config = {"mediaType": config_type, "digest": digest_of(self.config), "size": len(self.config)}
        layers = [layer.descriptor for layer in self.layers]
        return dump({"schemaVersion": 2, "mediaType": self.media_type, "config": config, "layers": layers})

    @property
    def media_type(self) -> str:
        return DOCKER_MANIFEST if self.docker else MANIFEST

    @property
    def digest(self) -> str:
        return digest_of(self.manifest)

    @property
    def platform(self) -> dict[str, str]:
        config = json.loads(self.config)
        return {"os": config["os"], "architecture": config["architecture"]}
