"""The model's layer of an image, fetched and unpacked: bundle and verdict, hashed on the way."""

import gzip
import shutil
import tarfile
import tempfile
import zlib
from pathlib import Path, PurePosixPath
from typing import BinaryIO, cast

from build.gate.copy import BUNDLE, VERDICT
from build.image.model_layer import HOME
from build.oci.archive import members
from build.oci.hashing_reader import HashingReader
from build.oci.image import digest_of
from build.oci.json_documents import Descriptor, ImageManifest
from build.oci.store import ImageReader
from model.bundle.folder import FILES, RETRAIN
from model.errors import BundleError, Problem

MOST_BYTES = 50_000_000
MOST_UNPACKED = 4 * MOST_BYTES
HINT = f"The image was not made by Kamado, or is damaged. {RETRAIN}"


def unpack(images: ImageReader, digest: str, folder: Path) -> str:
    """Write `bundle/` and `verdict.json` of the image of this digest into `folder`; returns the layer's diffID.

    Raises BundleError for an image whose manifest, last layer or what is in it is not what a model's is.
    """
    layer = _model_layer(images, digest)
    with tempfile.TemporaryFile(dir=folder) as packed:
        _download(images, layer, packed)
        packed.seek(0)
        return _open(packed, folder, layer.digest)


def _model_layer(images: ImageReader, digest: str) -> Descriptor:
    """The last layer's descriptor, of a size that a model's has."""
    manifest = images.manifest(digest)
    try:
        layers = ImageManifest.parse(manifest).layers
    except ValueError:
        layers = ()
    if not layers or layers[-1].size > MOST_UNPACKED:
        raise BundleError(Problem(f"image {digest}", "has no layer that a model could be in", HINT, "layer-broken"))
    if digest_of(manifest) != digest:
        raise BundleError(Problem(f"image {digest}", f"arrives as {digest_of(manifest)}", HINT, "layer-broken"))
    return layers[-1]


def _download(images: ImageReader, layer: Descriptor, packed: BinaryIO) -> None:
    with images.blob(layer.digest) as source:
        reader = HashingReader(source, most=layer.size)
        try:
            shutil.copyfileobj(reader, packed, 1 << 20)
        except ValueError as error:
            raise _broken(layer.digest, f"is not of its size: {error}") from error
        actual = reader.digest()
    if actual != layer.digest:
        raise _broken(layer.digest, f"arrives as {actual}")


def _open(packed: BinaryIO, folder: Path, digest: str) -> str:
    """The bundle's files and the verdict. Anything else could lie over what was verified, and is refused."""
    missing = {f"{HOME[1:]}/bundle/{name}": folder / BUNDLE / name for name in FILES}
    missing[f"{HOME[1:]}/{VERDICT}"] = folder / VERDICT
    folders = {str(parent) for name in missing for parent in PurePosixPath(name).parents}
    (folder / BUNDLE).mkdir()
    seen: set[str] = set()
    # A small layer may unpack to any size, and a name in it be as long as all of that.
    unpacked = HashingReader(cast(BinaryIO, gzip.GzipFile(fileobj=packed)), most=MOST_UNPACKED)
    try:
        with tarfile.open(fileobj=unpacked.buffered(), mode="r|") as tar:
            for member in members(tar, most=MOST_UNPACKED):
                if member.name in seen:
                    raise _broken(digest, f"holds {member.name} twice")
                if (target := missing.pop(member.name, None)) is None:
                    if member.name not in folders or not member.isdir():
                        raise _broken(digest, f"holds {member.name!r:.80}, which is not a part of a model")
                    continue
                seen.add(member.name)
                if not member.isfile() or member.size > MOST_BYTES:
                    raise _broken(digest, f"holds {member.name}, which is not a file of a bundle's size")
                source = tar.extractfile(member)
                assert source is not None  # isfile() was asked above
                target.write_bytes(source.read())
        diff_id = unpacked.digest()
    except (tarfile.TarError, EOFError, ValueError, zlib.error, gzip.BadGzipFile) as error:
        raise _broken(digest, f"cannot be unpacked ({error})") from error
    if missing:
        raise _broken(digest, f"has no {', '.join(sorted(missing))}")
    return diff_id


def _broken(digest: str, problem: str) -> BundleError:
    return BundleError(Problem(f"layer {digest}", problem, HINT, "layer-broken"))
