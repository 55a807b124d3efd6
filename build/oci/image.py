"""An image as data: content-addressed blobs, a config, a manifest that names them (OCI image specification 1.1)."""

import hashlib
import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from io import BytesIO
from typing import Any, BinaryIO

from build.oci.json_documents import Descriptor, ImageManifest, Platform

INDEX = "application/vnd.oci.image.index.v1+json"
MANIFEST = "application/vnd.oci.image.manifest.v1+json"
CONFIG = "application/vnd.oci.image.config.v1+json"
LAYER = "application/vnd.oci.image.layer.v1.tar+gzip"
DOCKER_INDEX = "application/vnd.docker.distribution.manifest.list.v2+json"
DOCKER_MANIFEST = "application/vnd.docker.distribution.manifest.v2+json"
DOCKER_CONFIG = "application/vnd.docker.container.image.v1+json"
DOCKER_LAYER = "application/vnd.docker.image.rootfs.diff.tar.gzip"
DIGEST = re.compile(r"sha256:[0-9a-f]{64}")


def digest_of(data: bytes) -> str:
    return f"sha256:{hashlib.sha256(data).hexdigest()}"


def parsed(data: bytes) -> Any:
    """The JSON object, a dictionary, that somebody else wrote. Raises ValueError for anything else."""
    try:
        value = json.loads(data)
    except (ValueError, RecursionError):
        value = None
    if not isinstance(value, dict):
        raise ValueError("is not a JSON object")
    return value


def config_of(manifest: bytes) -> str | None:
    """The digest of the config that a manifest names; None for a list of images, and for what is not a manifest."""
    try:
        digest = parsed(manifest)["config"]["digest"]
    except (ValueError, LookupError, TypeError):
        return None
    return digest if isinstance(digest, str) and DIGEST.fullmatch(digest) else None


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

    @classmethod
    def of(cls, data: bytes, media_type: str) -> "Blob":
        """A blob of bytes in memory."""
        return cls(digest_of(data), len(data), media_type, lambda: BytesIO(data))

    @property
    def descriptor(self) -> Descriptor:
        return Descriptor(media_type=self.media_type, digest=self.digest, size=self.size)


@dataclass(frozen=True)
class Image:
    """What is published. Its identity is the digest of the manifest; that of the config outlives a new gzip."""

    config: bytes
    layers: tuple[Blob, ...]
    docker: bool = False

    @property
    def config_blob(self) -> Blob:
        return Blob.of(self.config, DOCKER_CONFIG if self.docker else CONFIG)

    @property
    def manifest_blob(self) -> Blob:
        return Blob.of(self.manifest, self.media_type)

    @property
    def manifest(self) -> bytes:
        layers = tuple(layer.descriptor for layer in self.layers)
        config = self.config_blob.descriptor
        return ImageManifest(schema_version=2, media_type=self.media_type, config=config, layers=layers).encode()

    @property
    def media_type(self) -> str:
        return DOCKER_MANIFEST if self.docker else MANIFEST

    @property
    def digest(self) -> str:
        return digest_of(self.manifest)


def platform_of(config: bytes) -> Platform:
    """Of an image's config. Raises ValueError."""
    return Platform(os=(values := parsed(config)).get("os"), architecture=values.get("architecture"))
