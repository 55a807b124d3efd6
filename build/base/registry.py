"""A base in a registry: `HOST/REPOSITORY:TAG` or `HOST/REPOSITORY@sha256:…`."""

from typing import BinaryIO, Literal

from build.base.blobs import Blobs
from build.base.ground import Base, BaseRefused
from build.base.manifest import read_base
from build.registry.client import Client, RegistryRefused
from build.registry.login import Login, docker_login
from build.registry.reference import Reference
from build.registry.trouble import Patience
from model.errors import Fault

PATIENCE = Patience(attempts=4)  # nothing is half done yet: whoever waits may as well start again


class Registry:
    """A Source that reads, and never writes."""

    kind: Literal["registry", "oci"] = "registry"

    def __init__(self, host: str, repository: str, *, blobs: Blobs, login: Login) -> None:
        self.client = Client(host, repository, login=login, patience=PATIENCE)
        self.name = self.client.name
        self.origin: str | None = self.name
        self.blobs = blobs

    def manifest(self, reference: str) -> bytes:
        found = self.client.manifest(reference)
        if found is None:
            raise self.refused(f"has no image {reference}")
        return found.data

    def blob(self, digest: str) -> BinaryIO:
        return self.blobs.open(digest, lambda: self.client.stream(digest), source=f"base {self.name}")

    def refused(self, found: str) -> BaseRefused:
        way_out = "Check the reference and `docker login`, or build without BASE_IMAGE"
        return BaseRefused(Fault(f"base {self.name}", found, way_out, "base-missing"))


def registry_base(reference: str, *, blobs: Blobs) -> Base:
    """The base that `reference` names in its registry. Layers are fetched when they are first read."""
    try:
        named = Reference.parse(reference)
    except ValueError:
        way_out = "Use HOST/REPOSITORY:TAG, HOST/REPOSITORY@sha256:…, or oci:FOLDER:TAG"
        raise BaseRefused(Fault(f"base {reference}", "names no image", way_out, "base-reference")) from None
    source = Registry(named.host, named.repository, blobs=blobs, login=docker_login(named.host))
    try:
        return read_base(source, named.reference)
    except RegistryRefused as refusal:
        raise source.refused(refusal.faults[0].found) from refusal
    except (KeyError, TypeError, AttributeError) as error:
        told = f"sends a manifest without {error}"
        raise BaseRefused(Fault(f"base {reference}", told, "Push the base again", "base-type")) from error
