"""Images out of the engine into an image store."""

import contextlib
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path

from docker import DockerClient

from build.image.base.base import ReportMessage
from build.image.base_images.docker_save import saved_image
from build.oci.layout import Layout
from build.oci.publish import publish
from build.oci.store import ImageStore, StoreError
from model.errors import Problem


def export(
    client: DockerClient, images: Mapping[str, str], store: ImageStore, *, report: ReportMessage
) -> dict[str, str]:
    """Publish every image under its name; returns name -> digest. Raises StoreError."""
    digests = {}
    for name, image in images.items():
        with tempfile.TemporaryDirectory(prefix="kamado-export-") as scratch:
            saved = saved_image(client, image, Path(scratch))
            digests[name] = publish(store, saved, name).digest
            size = sum(layer.size for layer in saved.layers) / 1e6
        report(f"{name} {digests[name]}, {size:.0f} MB to pull")
    return digests


@contextlib.contextmanager
def fresh_layout(folder: Path) -> Iterator[Layout]:
    """A layout that replaces the one in `folder` once it is complete: the tags of base images move.

    Raises StoreError when `folder` holds anything but a layout.
    """
    if folder.exists() and any(folder.iterdir()) and not (folder / "oci-layout").is_file():
        hint = "Name another folder, or move away what is in it"
        raise StoreError(Problem(str(folder), "holds something else than images", hint, "store-broken"))
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder.parent, prefix=f".{folder.name}-") as scratch:
        new = Path(scratch) / "new"
        yield Layout(new)
        if folder.exists():
            folder.replace(Path(scratch) / "old")
        new.replace(folder)
