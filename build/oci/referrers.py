"""Documents beside an image: manifests that name it as their `subject` (OCI image specification 1.1, "artifacts")."""

from collections.abc import Iterable
from io import BytesIO
from typing import Any

from build.oci.image import DIGEST, INDEX, MANIFEST, Blob, digest_of, dump, parsed
from build.oci.store import Attachment, StoreError
from model.errors import Problem

MOST_BYTES = 50_000_000
EMPTY = b"{}"
EMPTY_TYPE = "application/vnd.oci.empty.v1+json"


def small(data: bytes, media_type: str) -> Blob:
    """A blob of bytes that are at hand."""
    return Blob(digest_of(data), len(data), media_type, lambda: BytesIO(data))


def empty() -> Blob:
    """The config of what is no image."""
    return small(EMPTY, EMPTY_TYPE)


def artifact(subject: Blob, attachment: Attachment) -> bytes:
    """The manifest that ties the document to its image."""
    return dump(
        {
            "schemaVersion": 2,
            "mediaType": MANIFEST,
            "artifactType": attachment.media_type,
            "config": empty().descriptor,
            "layers": [small(attachment.data, attachment.media_type).descriptor],
            "subject": subject.descriptor,
        }
    )


def content(attached: Blob) -> bytes:
    """The document itself. Raises StoreError when it is larger than any, or not what its digest says."""
    with attached.open() as source:
        data = source.read(MOST_BYTES + 1)
    if digest_of(data) != attached.digest:
        found, hint = f"arrives as {digest_of(data)}", "Ask who may write to this place, or publish again"
        raise StoreError(Problem(f"document {attached.digest}", found, hint, "blob-digest"))
    return data


def document(manifest: bytes, *, of: str) -> dict[str, Any] | None:
    """The descriptor of the document that this manifest ties to the image `of`.

    None for what has another form: whoever may write to a place may tie things of their own to an image.
    """
    try:
        named = parsed(manifest)
        found: dict[str, Any] = named["layers"][0]
        ours = named["subject"]["digest"] == of and isinstance(found["size"], int)
        return found if ours and DIGEST.fullmatch(found["digest"]) and isinstance(found["mediaType"], str) else None
    except (ValueError, LookupError, TypeError):
        return None


def descriptor(manifest: bytes, media_type: str) -> dict[str, Any]:
    """How a list of referrers names it."""
    return {**small(manifest, MANIFEST).descriptor, "artifactType": media_type}


def index(descriptors: Iterable[dict[str, Any]]) -> bytes:
    """The list of referrers for a registry that keeps none itself."""
    return dump({"schemaVersion": 2, "mediaType": INDEX, "manifests": list(descriptors)})


def fallback_tag(digest: str) -> str:
    """The tag under which that list is looked for ("referrers tag schema" of the distribution specification)."""
    return digest.replace(":", "-")
