"""A base in a registry: `HOST/REPOSITORY:TAG` or `HOST/REPOSITORY@sha256:…`."""

from typing import BinaryIO, Literal

from build.image.base.base import Base, BaseError
from build.image.base.blob_cache import Blobs
from build.image.base.manifest import read_base
from build.oci.credentials import Login, docker_login
from build.oci.redact import has_login, redacted
from build.oci.reference import Reference
from build.oci.registry_client import Client, RegistryError
from build.oci.retry import RetryPolicy
from model.errors import OutputError, Problem

PATIENCE = RetryPolicy(attempts=4)  # nothing is half done yet: whoever waits may as well start again


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

    def refused(self, found: str) -> BaseError:
        hint = "Check the reference and `docker login`, or build without BASE_IMAGE"
        return BaseError(Problem(f"base {self.name}", found, hint, "base-missing"))


def registry_base(reference: str, *, blobs: Blobs) -> Base:
    """The base that `reference` names in its registry. Layers are fetched when they are first read."""
    hint = "Use HOST/REPOSITORY:TAG, HOST/REPOSITORY@sha256:…, or oci:FOLDER:TAG"
    if has_login(reference):
        told = f"Leave it out, and run `docker login` for that host. {hint}"
        raise BaseError(Problem(f"base {redacted(reference)}", "holds a login", told, "base-reference"))
    try:
        named = Reference.parse(reference)
    except ValueError:
        raise BaseError(Problem(f"base {reference}", "does not name an image", hint, "base-reference")) from None
    host, repository, login = _address(named.host, named.repository)
    source = Registry(host, repository, blobs=blobs, login=login)
    try:
        return read_base(source, named.reference)
    except RegistryError as refusal:
        raise source.refused(refusal.problems[0].problem) from refusal
    except (KeyError, TypeError, AttributeError) as error:
        told = f"sends a manifest without {error}"
        raise BaseError(Problem(f"base {reference}", told, "Push the base again", "base-type")) from error


def _address(host: str, repository: str) -> tuple[str, str, Login]:
    """Where the base is asked for, and who asks."""
    if ".dkr.ecr" not in host:
        return host, repository, docker_login(host)
    from build.image.base.ecr import ecr_address  # boto3 takes half a second, for those who have a base in ECR

    try:
        return ecr_address(host, repository)
    except OutputError as refusal:
        raise BaseError(*refusal.problems) from refusal
