"""From a manifest, or an index of manifests, to a base. Bytes come from a registry or a folder: `Source`."""

import json
from typing import Any, BinaryIO, Literal, Protocol

from build.image.base.base import Base, BaseError, architecture
from build.image.base.blob_cache import refuse_other
from build.oci.image import DOCKER_INDEX, DOCKER_LAYER, DOCKER_MANIFEST, INDEX, LAYER, MANIFEST, Blob, digest_of
from model.errors import Problem

GZIPPED = (LAYER, DOCKER_LAYER)
MANIFESTS = (MANIFEST, DOCKER_MANIFEST)
INDEXES = (INDEX, DOCKER_INDEX)
GREATEST = 8 << 20  # bytes of a manifest or config


class Source(Protocol):
    """Where a base is read from."""

    name: str
    kind: Literal["registry", "oci"]
    origin: str | None

    def manifest(self, reference: str) -> bytes:
        """The manifest or index under a tag or digest."""
        ...

    def blob(self, digest: str) -> BinaryIO: ...


def read_base(source: Source, reference: str) -> Base:
    """The base for this machine's kind of processor. Raises BaseError."""
    data = source.manifest(reference)
    if reference.startswith("sha256:"):
        refuse_other(digest_of(data), reference, source.name)
    manifest = _parse(data, source)
    if manifest.get("mediaType") in INDEXES or "manifests" in manifest:
        return read_base(source, _of_this_machine(manifest, source))
    if manifest.get("mediaType", MANIFEST) not in MANIFESTS:
        raise _refused(source, f"is of type {manifest.get('mediaType')!r}, which is not an image", "base-type")
    config = manifest["config"]["digest"]
    with source.blob(config) as file:
        written = file.read(GREATEST)
    refuse_other(digest_of(written), config, source.name)
    found = _parse(written, source)
    _refuse_foreign(found, source)
    return Base(
        kind=source.kind,
        name=source.name,
        digest=digest_of(data),
        config=found,
        layers=tuple(_layer(source, layer) for layer in manifest["layers"]),
        docker=manifest.get("mediaType") == DOCKER_MANIFEST,
    )


def _parse(data: bytes, source: Source) -> dict[str, Any]:
    try:
        found = json.loads(data)
    except ValueError:
        found = None
    if not isinstance(found, dict):
        raise _refused(source, "holds something that is not JSON", "base-type")
    return found


def _layer(source: Source, layer: dict[str, Any]) -> Blob:
    digest = layer["digest"]
    return Blob(digest, layer["size"], layer["mediaType"], lambda: source.blob(digest), source.origin)


def _of_this_machine(index: dict[str, Any], source: Source) -> str:
    offered = []
    for entry in index["manifests"]:
        platform = entry.get("platform") or {}
        if (platform.get("os"), platform.get("architecture")) == ("linux", architecture()):
            return str(entry["digest"])
        offered.append(f"{platform.get('os')}/{platform.get('architecture')}")
    raise _refused(source, f"has no image for linux/{architecture()}, only {', '.join(offered)}", "base-platform")


def _refuse_foreign(config: dict[str, Any], source: Source) -> None:
    found = (config.get("os"), config.get("architecture"))
    if found != ("linux", architecture()):
        told = f"is for {found[0]}/{found[1]}, this is linux/{architecture()}"
        raise _refused(source, told, "base-platform")


def _refused(source: Source, found: str, code: str) -> BaseError:
    return BaseError(Problem(f"base {source.name}", found, "Give a server base as BASE_IMAGE", code))
