"""Bring a released bundle back out of its image: one layer, verified on the way, no base."""

import contextlib
import shutil
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from build.gate.copy import BUNDLE, VERDICT
from build.oci.store import ImageReader
from build.oci.tempdir import refusing_without_room, scratch
from build.release.releases import Release
from build.release.verify_image import DOCUMENTS, Documents, VerifiedImage, verify_image
from model.files import new_folder


def fetch(
    images: ImageReader,
    release: Release,
    folder: Path,
    *,
    keys: Sequence[Path] = (),
    report: Callable[[str], None],
) -> str:
    """Write the bundle, its verdict and its documents into `folder`, all or nothing; returns the bundle's digest.

    Everything is brought and verified in a temporary folder, which the next fetch or build removes should this one be
    killed. Raises what `verify_image` raises, OutputError without room for that, and OSError when `folder`
    holds something already.
    """
    with _verified(images, release, keys, report) as (work, model), new_folder(folder) as target:
        _copy(work, model.documents, target)
    return model.bundle.digest


def bring(
    images: ImageReader,
    release: Release,
    folder: Path,
    *,
    keys: Sequence[Path] = (),
    report: Callable[[str], None],
) -> str:
    """As `fetch`, into an empty folder, which a step returns."""
    with _verified(images, release, keys, report) as (work, model):
        _copy(work, model.documents, folder)
    return model.bundle.digest


@contextlib.contextmanager
def _verified(
    images: ImageReader, release: Release, keys: Sequence[Path], report: Callable[[str], None]
) -> Iterator[tuple[Path, VerifiedImage]]:
    """The temporary folder with the verified model, before anything stands where people look."""
    with scratch() as work:
        with refusing_without_room():
            model = verify_image(images, release, work, keys=keys, report=report)
        yield work, model


def _copy(work: Path, documents: Documents, folder: Path) -> None:
    shutil.copytree(work / BUNDLE, folder / BUNDLE)
    shutil.copyfile(work / VERDICT, folder / VERDICT)
    _write(documents, folder / "documents")


def _write(documents: Documents, folder: Path) -> None:
    """A second document of one kind is `2-NAME`."""
    folder.mkdir()
    for media_type, written in documents.items():
        for number, data in enumerate(written, start=1):
            name = DOCUMENTS[media_type]
            (folder / (name if number == 1 else f"{number}-{name}")).write_bytes(data)
