"""The image of the steps, built by the engine of this machine and pushed to where a cluster pulls it from."""

import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from docker import DockerClient

from build.image.base.base import ReportMessage
from build.image.base_images.build_context import component_context
from build.image.base_images.build_engine import build_engine
from build.image.base_images.build_images import build_images
from build.image.base_images.docker_save import saved_image
from build.image.base_images.engine_kernel import engine_kernel
from build.image.base_images.python_base import python_image
from build.oci.image import digest_of
from build.oci.open_store import open_store
from build.oci.publish import publish
from build.oci.store import ImageStore

KEY_LENGTH = 12


@dataclass(frozen=True)
class ComponentImage:
    """A pushed image: `HOST/REPOSITORY@sha256:…`, by which pipelines name it, and the tag that keeps it there."""

    reference: str
    digest: str
    tag: str
    outcome: Literal["written", "unchanged"]


def component_image(
    registry: str,
    python: str | None,
    environ: Mapping[str, str],
    *,
    cache: Path,
    commit: str | None,
    report: ReportMessage,
) -> ComponentImage:
    """Build it and push it to `registry`, the address of a store; `python` is as for `base_images`.

    Raises BaseImagesError, and what the store raises.
    """
    store = open_store(registry, cache=cache)
    store.resolve("component")  # a registry that is away or refuses the login fails here, before minutes of building
    with build_engine() as client:
        base = python_image(client, python, cache=cache, report=report)
        kernel = engine_kernel(client, cache=cache, report=report)
        images = build_images(client, base, [component_context(environ, kernel, commit=commit)], report=report)
        return push(client, images["component"], store, report=report)


def push(client: DockerClient, image: str, store: ImageStore, *, report: ReportMessage) -> ComponentImage:
    """The engine's image `image`, under a tag that follows from its content. Raises StoreError."""
    with tempfile.TemporaryDirectory(prefix="kamado-export-") as scratch:
        saved = saved_image(client, image, Path(scratch))
        tag = f"component-{digest_of(saved.config).removeprefix('sha256:')[:KEY_LENGTH]}"
        report(f"pushing {tag}, {sum(layer.size for layer in saved.layers) / 1e6:.0f} MB")
        published = publish(store, saved, tag)
    return ComponentImage(f"{store.name}@{published.digest}", published.digest, tag, published.outcome)
