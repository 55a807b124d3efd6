"""The bill of materials of an image: Debian's packages, Python's distributions, the model. CycloneDX 1.6 as JSON."""

import json
import tarfile
import uuid
from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime
from pathlib import Path

from cyclonedx.contrib.license.factories import LicenseFactory
from cyclonedx.model import HashAlgorithm, HashType
from cyclonedx.model.bom import Bom, BomMetaData
from cyclonedx.model.component import Component, ComponentType
from cyclonedx.output.json import JsonV1Dot6
from packageurl import PackageURL

from build.image.attest.installed_packages import EDITION, Installed, installed
from build.image.base.base import Base
from build.oci.image import Image, dump
from build.oci.store import Attachment
from model.bundle.manifest import Manifest
from model.files import write_json

MEDIA_TYPE = "application/vnd.cyclonedx+json"
NAMESPACE = uuid.UUID("6d1c6f0e-5a0b-4f5e-9d0e-3f3f4f1e0c11")  # a serial number follows from the image's digest


def bill(image: Image, manifest: Manifest, bundle: str, base: Base, *, cache: Path) -> Attachment:
    """The same image, the same bytes: its time is the data's cut-off, its number follows from the digest.

    A base in a registry is not fetched for this. Where its layers are not on this machine it is one component, by
    digest, and the bill says that it is incomplete.
    """
    parts = inventory(base, cache)
    whole = Component(name=manifest.model, type=ComponentType.CONTAINER, bom_ref="image", hashes=[_hash(image.digest)])
    components = [_model(manifest, bundle), *(_component(part) for part in parts or ())]
    if parts is None:
        components.append(
            Component(name="base", type=ComponentType.CONTAINER, bom_ref="base", hashes=[_hash(base.digest)])
        )
    bom = Bom(
        components=components,
        serial_number=uuid.uuid5(NAMESPACE, image.digest),
        metadata=BomMetaData(component=whole, timestamp=datetime.fromisoformat(manifest.lineage.cutoff)),
    )
    bom.register_dependency(whole, components)
    told = json.loads(JsonV1Dot6(bom).output_as_string())
    aggregate = "complete" if parts is not None else "incomplete"
    told["compositions"] = [{"aggregate": aggregate, "assemblies": ["image"]}]  # the library does not write them yet
    return Attachment(MEDIA_TYPE, dump(told))


def inventory(base: Base, cache: Path) -> Sequence[Installed] | None:
    """What is in the base, kept on this machine by its digest; None when its layers would have to be fetched."""
    kept = cache / "inventories" / f"{base.digest.removeprefix('sha256:')}-{EDITION}.json"
    try:
        return tuple(Installed(**one) for one in json.loads(kept.read_bytes()))
    except (OSError, ValueError, TypeError):
        pass
    if any(layer.origin for layer in base.layers):
        return None
    try:
        found = installed(base.layers)
    except tarfile.TarError:
        return None
    kept.parent.mkdir(parents=True, exist_ok=True)
    write_json(kept, [asdict(one) for one in found])
    return found


def _component(part: Installed) -> Component:
    # Scanners look a package of Debian up by distribution and release.
    distribution = part.release.rpartition("-")[0] or "debian"
    release = {"distro": part.release} if part.release else None
    if part.kind == "deb":
        purl = PackageURL("deb", distribution, part.name, part.version, release)
    else:
        purl = PackageURL("pypi", name=part.name, version=part.version)
    licenses = [LicenseFactory().make_from_string(part.license)] if part.license else None
    return Component(name=part.name, version=part.version, purl=purl, bom_ref=str(purl), licenses=licenses)


def _model(manifest: Manifest, bundle: str) -> Component:
    return Component(
        name=manifest.model,
        version=manifest.lineage.cutoff,
        type=ComponentType.MACHINE_LEARNING_MODEL,
        bom_ref="model",
        hashes=[_hash(bundle)],
    )


def _hash(digest: str) -> HashType:
    return HashType(alg=HashAlgorithm.SHA_256, content=digest.removeprefix("sha256:"))
