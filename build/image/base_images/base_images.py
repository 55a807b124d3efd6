"""Both base images, built by the container engine of this machine and exported into an OCI layout."""

from collections.abc import Mapping
from pathlib import Path

from build.image.base.base import ReportMessage
from build.image.base_images.build_context import build_contexts
from build.image.base_images.build_engine import build_engine
from build.image.base_images.build_images import build_images
from build.image.base_images.engine_kernel import engine_kernel
from build.image.base_images.export import export, fresh_layout
from build.image.base_images.python_base import python_image


def base_images(
    folder: Path,
    python: str | None,
    environ: Mapping[str, str],
    *,
    cache: Path,
    commit: str | None,
    report: ReportMessage,
) -> dict[str, str]:
    """Write the layout `folder`; `python` is an image by digest, "debian", or None for the public one.

    Returns the digest of each image by name. Raises BaseImagesError and StoreError."""
    with build_engine() as client, fresh_layout(folder) as layout:
        image = python_image(client, python, cache=cache, report=report)
        kernel = engine_kernel(client, cache=cache, report=report)
        images = build_images(client, image, build_contexts(environ, kernel, commit=commit), report=report)
        return export(client, images, layout, report=report)
