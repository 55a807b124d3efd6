"""A base that is named: `HOST/REPOSITORY:TAG` or `oci:FOLDER:TAG`, or either with `@sha256:…` in place of the tag."""

import contextlib
from collections.abc import Iterator
from pathlib import Path

from build.image.base.base import Base, BaseError, BaseUnavailableError
from build.image.base.blob_cache import CachedReader
from build.image.base.read_base import read_base
from build.oci.layout import Layout
from build.oci.open_registry import open_registry
from build.oci.redact import has_login, redacted
from build.oci.reference import Reference
from build.oci.registry_session import RegistryError
from build.oci.retry import RetryPolicy
from build.oci.store import StoreError
from model.errors import Problem

POLICY = RetryPolicy(attempts=4)  # nothing is half done yet: whoever waits may as well start again
FORMS = "Use HOST/REPOSITORY:TAG, HOST/REPOSITORY@sha256:…, or oci:FOLDER:TAG"
CHECK = "Check the reference and `docker login`, or build without BASE_IMAGE"
WRONG_DIGEST = ("blob-digest", "registry-digest")


def folder_base(reference: str) -> Base:
    """`reference` is what follows `oci:`. Raises BaseError."""
    path, _, digest = reference.partition("@")
    tag = None
    if not digest and not Path(path).is_dir():
        path, _, tag = path.rpartition(":")
    layout, where = Layout(Path(path)), f"base oci:{reference}"
    if not path or not (layout.folder / "index.json").is_file():
        raise BaseError(Problem(where, "is not in an OCI layout", "Use oci:FOLDER:TAG", "base-missing"))
    with _base_errors(where, "Use oci:FOLDER:TAG"):
        return read_base(layout, digest or _digest(layout, tag), kind="oci", name=f"oci:{path}")


def _digest(layout: Layout, tag: str | None) -> str:
    """The digest under a tag, or that of the only image."""
    images = layout.images()
    if tag is None and len(images) == 1:
        return images[0]
    digest = layout.resolve(tag) if tag else None
    if digest is None:
        tags = ", ".join(sorted(layout.tags())) or "none"
        raise BaseError(Problem(f"oci:{layout.folder}", f"has no image {tag!r}", f"It holds: {tags}", "base-missing"))
    return digest


def registry_base(reference: str, *, cache: Path) -> Base:
    """The base that `reference` names in its registry. Layers are fetched into `cache` when they are first read.

    Raises BaseError.
    """
    if has_login(reference):
        hint = f"Remove it, and run `docker login` for that host. {FORMS}"
        raise BaseError(Problem(f"base {redacted(reference)}", "holds a login", hint, "base-reference"))
    try:
        address = Reference.parse(reference)
    except ValueError:
        raise BaseError(Problem(f"base {reference}", "does not name an image", FORMS, "base-reference")) from None
    try:
        reader = CachedReader(open_registry(address.host, address.repository, policy=POLICY), cache)
    except StoreError as refusal:
        raise BaseError(*refusal.problems) from refusal
    where = f"base {reader.name}"
    with _base_errors(where, CHECK):
        digest = reader.resolve(address.reference)
        if digest is None:
            raise BaseError(Problem(where, f"has no image {address.reference}", CHECK, "base-missing"))
        return read_base(reader, digest, kind="registry", name=reader.name)


@contextlib.contextmanager
def _base_errors(where: str, hint: str) -> Iterator[None]:
    """Errors of reading as errors of the base."""
    try:
        yield
    except (RegistryError, StoreError) as refusal:
        problem = refusal.problems[0]
        if (problem.code or "").startswith("ecr-"):
            raise BaseUnavailableError(*refusal.problems) from refusal
        if problem.code in WRONG_DIGEST:
            raise BaseError(Problem(where, problem.problem, hint, "base-digest")) from refusal
        raise BaseUnavailableError(Problem(where, problem.problem, hint, "base-missing")) from refusal
