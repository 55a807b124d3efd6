"""From a manifest, or an index of manifests, to a base, by any ImageReader."""

from typing import Literal, TypeVar

from build.image.base.base import Base, BaseError, architecture
from build.image.base.blob_cache import refuse_other_digest
from build.oci.image import DOCKER_MANIFEST, MANIFEST, Blob, digest_of, parsed
from build.oci.image_config import ImageConfig
from build.oci.json_documents import Descriptor, ImageManifest, Index
from build.oci.store import ImageReader
from model.errors import Problem
from model.files import JSON

IndexOrManifest = TypeVar("IndexOrManifest", Index, ImageManifest)
MANIFESTS = (MANIFEST, DOCKER_MANIFEST)
GREATEST = 8 << 20  # bytes of a config


def read_base(reader: ImageReader, digest: str, *, kind: Literal["registry", "oci"], name: str) -> Base:
    """The base for this machine's kind of processor; `name` is how people call it.

    Raises BaseError for what is not an image for this machine, and what the reader raises.
    """
    data = reader.manifest(digest)
    refuse_other_digest(digest_of(data), digest, name)
    document = _parse(data, name)
    if "manifests" in document:
        return read_base(reader, _of_this_machine(_typed(Index, data, name), name), kind=kind, name=name)
    media_type = document.get("mediaType", MANIFEST)
    if media_type not in MANIFESTS:
        raise _refused(name, f"is of type {media_type!r}, which is not an image", "base-type")
    manifest = _typed(ImageManifest, data, name)
    config = _config(reader, manifest.config.digest, name)
    _refuse_undescribed_layers(config, manifest, name)
    return Base(
        kind=kind,
        name=name,
        digest=digest,
        config=config,
        layers=tuple(_layer(reader, layer, kind) for layer in manifest.layers),
        docker=media_type == DOCKER_MANIFEST,
    )


def _config(reader: ImageReader, digest: str, name: str) -> ImageConfig:
    with reader.blob(digest) as file:
        data = file.read(GREATEST)
    refuse_other_digest(digest_of(data), digest, name)
    config = ImageConfig(_parse(data, name))
    machine = config.platform
    if machine != ("linux", architecture()):
        problem = f"is for {machine[0]}/{machine[1]}, this is linux/{architecture()}"
        raise _refused(name, problem, "base-platform")
    return config


def _refuse_undescribed_layers(config: ImageConfig, manifest: ImageManifest, name: str) -> None:
    """An engine pairs layers and diff_ids by their order, and would refuse the finished image."""
    diff_ids, layers = len(config.diff_ids), len(manifest.layers)
    if diff_ids != layers:
        problem = f"has {layers} layer(s), and {diff_ids} diff_id(s) in rootfs of its config"
        raise BaseError(Problem(f"base {name}", problem, "Push the base again", "base-layers"))


def _layer(reader: ImageReader, layer: Descriptor, kind: str) -> Blob:
    origin = reader.name if kind == "registry" else None
    return Blob(layer.digest, layer.size, layer.media_type, lambda: reader.blob(layer.digest), origin)


def _of_this_machine(index: Index, name: str) -> str:
    offered = []
    for entry in index.manifests:
        machine = (entry.platform.os, entry.platform.architecture) if entry.platform else (None, None)
        if machine == ("linux", architecture()):
            return entry.digest
        offered.append(f"{machine[0]}/{machine[1]}")
    raise _refused(name, f"has no image for linux/{architecture()}, only {', '.join(offered)}", "base-platform")


def _parse(data: bytes, name: str) -> dict[str, JSON]:
    try:
        document: dict[str, JSON] = parsed(data)
    except ValueError:
        raise _refused(name, "holds something that is not JSON", "base-type") from None
    return document


def _typed(kind: type[IndexOrManifest], data: bytes, name: str) -> IndexOrManifest:
    try:
        return kind.parse(data)
    except ValueError as error:
        raise BaseError(
            Problem(f"base {name}", f"holds something that {error}", "Push the base again", "base-type")
        ) from None


def _refused(name: str, problem: str, code: str) -> BaseError:
    return BaseError(Problem(f"base {name}", problem, "Give a server base as BASE_IMAGE", code))
