"""Bring a released bundle back out of its image: one layer, verified on the way, no base."""

import gzip
import shutil
import tarfile
import tempfile
import zlib
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, BinaryIO, cast

from build import oci
from build.attest import bill, provenance, signature
from build.attest.signature import SignatureRefused, check
from build.gate import verify
from build.image import HOME, VERDICT
from build.measured import Measured
from build.publish import Publisher
from build.publish.attachment import content
from build.releases import Release
from model.bundle import FILES, RETRAIN, bundle_digest
from model.errors import BundleRefused, Fault
from model.files import new_folder

# The gate of a builder asks for the XGBoost that will serve. A model in service may be of the one before; whoever
# compares with it must be able to have it.
OLDER = ("library-version", "booster-version", "booster-resave", "verdict-digest")
MOST_BYTES = 50_000_000
MOST_UNPACKED = 4 * MOST_BYTES
DOCUMENTS = {
    bill.MEDIA_TYPE: "bill.cdx.json",
    provenance.MEDIA_TYPE: "provenance.intoto.json",
    signature.MEDIA_TYPE: "signature.sigstore.json",
}
WAY_OUT = f"The image was not made by Kamado, or is damaged. {RETRAIN}"


def fetch(
    place: Publisher, found: Release, folder: Path, *, key: Path | None = None, report: Callable[[str], None]
) -> str:
    """Write the bundle, its verdict and its documents into `folder`, all or nothing; returns the bundle's digest.

    Raises BundleRefused when layer, bundle or gate disagree with what the image says of itself, SignatureRefused when
    the owner of `key` (a public one) has not signed this bundle, and OSError when `folder` holds something already.
    """
    layer = _model_layer(place, found.digest)
    with new_folder(folder) as temporary:
        with tempfile.TemporaryFile(dir=temporary) as kept:
            _download(place, layer, kept)
            kept.seek(0)
            _unpack(kept, temporary, layer["digest"])
        digest = bundle_digest(temporary / "bundle")
        if digest != found.labels.get("kamado.bundle"):
            told = f"is {digest}, the image's label says {found.labels.get('kamado.bundle')}"
            raise BundleRefused(Fault("bundle", told, WAY_OUT, "bundle-changed"))
        faults = verify(temporary / "bundle", temporary / VERDICT)
        if broken := [fault for fault in faults if fault.code not in OLDER]:
            raise BundleRefused(*broken)
        for fault in faults:
            report(f"older than this Kamado: {fault.where}: {fault.found}")
        signatures = _documents(place, found.digest, temporary / "documents")
        if key is not None:
            _refuse_unsigned(temporary / "bundle", signatures, key, found.tag)
    return digest


def _model_layer(place: Publisher, digest: str) -> dict[str, Any]:
    """The last layer's descriptor, of a size that a model's has."""
    try:
        layer: dict[str, Any] = oci.parsed(place.manifest(digest))["layers"][-1]
        fits = 0 <= layer["size"] <= MOST_UNPACKED and oci.DIGEST.fullmatch(layer["digest"])
    except (ValueError, LookupError, TypeError):
        fits = None
    if not fits:
        raise BundleRefused(Fault(f"image {digest}", "has no layer that a model could be in", WAY_OUT, "layer-broken"))
    return layer


def _documents(place: Publisher, digest: str, folder: Path) -> list[bytes]:
    """Write what is attached to the image, a second document of one kind as `2-NAME`; gives the signatures."""
    folder.mkdir()
    held: dict[str, list[bytes]] = {media_type: [] for media_type in DOCUMENTS}
    for attached in place.attachments(digest):
        if attached.media_type in held and attached.size <= MOST_BYTES:
            held[attached.media_type].append(content(attached))
            number = len(held[attached.media_type])
            name = DOCUMENTS[attached.media_type]
            (folder / (name if number == 1 else f"{number}-{name}")).write_bytes(held[attached.media_type][-1])
    return held[signature.MEDIA_TYPE]


def _refuse_unsigned(bundle: Path, signatures: Sequence[bytes], key: Path, tag: str) -> None:
    """One signature by the owner of the key is enough: whoever may write to a place may add more."""
    if not signatures:
        told, way_out = "has no signature", "Build it again with --key, or fetch it without one"
        raise SignatureRefused(Fault(f"image {tag}", told, way_out, "signature-missing"))
    faults: list[Fault] = []
    for one in signatures:
        try:
            return check(bundle, one, key)
        except SignatureRefused as refusal:
            faults += refusal.faults
    raise SignatureRefused(*dict.fromkeys(faults))


def _download(place: Publisher, layer: dict[str, Any], kept: BinaryIO) -> None:
    with place.blob(layer["digest"]) as source:
        measured = Measured(source, most=layer["size"])
        try:
            shutil.copyfileobj(measured, kept, 1 << 20)
        except ValueError as error:
            raise _broken(layer["digest"], f"is not of its size: {error}") from error
        arrived = measured.digest()
    if arrived != layer["digest"]:
        raise _broken(layer["digest"], f"arrives as {arrived}")


def _unpack(kept: BinaryIO, folder: Path, digest: str) -> None:
    """The bundle's files and the verdict, and nothing else that a layer might hold."""
    wanted = {f"{HOME[1:]}/bundle/{name}": folder / "bundle" / name for name in FILES}
    wanted[f"{HOME[1:]}/{VERDICT}"] = folder / VERDICT
    (folder / "bundle").mkdir()
    found: set[str] = set()
    # A small layer may unpack to any size, and a name in it be as long as all of that.
    unpacked = Measured(cast(BinaryIO, gzip.GzipFile(fileobj=kept)), most=MOST_UNPACKED).buffered()
    try:
        with tarfile.open(fileobj=unpacked, mode="r|") as tar:
            for member in tar:
                if member.name in found:
                    raise _broken(digest, f"holds {member.name} twice")
                if (target := wanted.pop(member.name, None)) is None:
                    continue
                found.add(member.name)
                if not member.isfile() or member.size > MOST_BYTES:
                    raise _broken(digest, f"holds {member.name}, which is no file of a bundle's size")
                source = tar.extractfile(member)
                assert source is not None  # isfile() was asked above
                target.write_bytes(source.read())
    except (tarfile.TarError, EOFError, ValueError, zlib.error, gzip.BadGzipFile) as error:
        raise _broken(digest, f"cannot be unpacked ({error})") from error
    if wanted:
        raise _broken(digest, f"has no {', '.join(sorted(wanted))}")


def _broken(digest: str, found: str) -> BundleRefused:
    return BundleRefused(Fault(f"layer {digest}", found, WAY_OUT, "layer-broken"))
