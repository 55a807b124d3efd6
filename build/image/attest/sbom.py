"""The software bill of materials (SBOM) of an image as CycloneDX 1.6: packages of Debian and Python, the model."""

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

from build.image.assemble import AssembledImage
from build.image.attest.installed_packages import EDITION, InstalledPackage, installed_packages
from build.image.base.base import Base
from build.oci.json_documents import dump
from build.oci.store import Attachment
from model.files import write_json

MEDIA_TYPE = "application/vnd.cyclonedx+json"
NAMESPACE = uuid.UUID("6d1c6f0e-5a0b-4f5e-9d0e-3f3f4f1e0c11")  # a serial number follows from the image's digest


def sbom(candidate: AssembledImage, *, cache: Path) -> Attachment:
    """The same image gives the same bytes: the time is the data's cut-off, the number follows from the digest.

    A base in a registry is not fetched for this. When its layers are not on this machine it is one component, by
    digest, and the SBOM says that it is incomplete.
    """
    manifest, digest, base = candidate.manifest, candidate.image.digest, candidate.base
    packages = packages_of(base, cache)
    image = Component(name=manifest.model, type=ComponentType.CONTAINER, bom_ref="image", hashes=[_hash(digest)])
    components = [_model(candidate), *(_component(package) for package in packages or ())]
    if packages is None:
        components.append(
            Component(name="base", type=ComponentType.CONTAINER, bom_ref="base", hashes=[_hash(base.digest)])
        )
    bom = Bom(
        components=components,
        serial_number=uuid.uuid5(NAMESPACE, digest),
        metadata=BomMetaData(component=image, timestamp=datetime.fromisoformat(manifest.lineage.cutoff)),
    )
    bom.register_dependency(image, components)
    document = json.loads(JsonV1Dot6(bom).output_as_string())
    aggregate = "complete" if packages is not None else "incomplete"
    # The library writes no compositions.
    document["compositions"] = [{"aggregate": aggregate, "assemblies": ["image"]}]
    return Attachment(MEDIA_TYPE, dump(document))


def packages_of(base: Base, cache: Path) -> Sequence[InstalledPackage] | None:
    """What is installed in the base, cached by its digest; None when its layers would have to be fetched."""
    file = cache / "packages" / f"{base.digest.removeprefix('sha256:')}-{EDITION}.json"
    try:
        return tuple(InstalledPackage(**fields) for fields in json.loads(file.read_bytes()))
    except (OSError, ValueError, TypeError):
        pass
    if any(layer.origin for layer in base.layers):
        return None
    try:
        packages = installed_packages(base.layers)
    except tarfile.TarError:
        return None
    file.parent.mkdir(parents=True, exist_ok=True)
    write_json(file, [asdict(package) for package in packages])
    return packages


def _component(package: InstalledPackage) -> Component:
    # Scanners look a package of Debian up by distribution and release.
    distribution = package.release.rpartition("-")[0] or "debian"
    release = {"distro": package.release} if package.release else None
    if package.kind == "deb":
        purl = PackageURL("deb", distribution, package.name, package.version, release)
    else:
        purl = PackageURL("pypi", name=package.name, version=package.version)
    licenses = [LicenseFactory().make_from_string(package.license)] if package.license else None
    return Component(name=package.name, version=package.version, purl=purl, bom_ref=str(purl), licenses=licenses)


def _model(candidate: AssembledImage) -> Component:
    manifest = candidate.manifest
    return Component(
        name=manifest.model,
        version=manifest.lineage.cutoff,
        type=ComponentType.MACHINE_LEARNING_MODEL,
        bom_ref="model",
        hashes=[_hash(candidate.verified.digest)],
    )


def _hash(digest: str) -> HashType:
    return HashType(alg=HashAlgorithm.SHA_256, content=digest.removeprefix("sha256:"))
