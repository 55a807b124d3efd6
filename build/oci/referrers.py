"""Documents beside an image: manifests that name it as their `subject` (OCI image specification 1.1, "artifacts")."""

from collections.abc import Iterable

from build.oci.image import INDEX, MANIFEST, Blob, digest_of
from build.oci.json_documents import Descriptor, ImageManifest, Index
from build.oci.store import Attachment, StoreError
from model.errors import Problem

MOST_BYTES = 50_000_000
EMPTY = Blob.of(b"{}", "application/vnd.oci.empty.v1+json")  # the config of what is not an image


def artifact(subject: Blob, attachment: Attachment) -> bytes:
    """The manifest that ties the document to its image, which `subject`, its manifest, names."""
    return ImageManifest(
        schema_version=2,
        media_type=MANIFEST,
        artifact_type=attachment.media_type,
        config=EMPTY.descriptor,
        layers=(Blob.of(attachment.data, attachment.media_type).descriptor,),
        subject=subject.descriptor,
    ).encode()


def content(document: Blob) -> bytes:
    """The document itself. Raises StoreError when it is larger than any, or not what its digest says."""
    with document.open() as source:
        data = source.read(MOST_BYTES + 1)
    if digest_of(data) != document.digest:
        problem, hint = f"arrives as {digest_of(data)}", "Ask who may write to this store, or publish again"
        raise StoreError(Problem(f"document {document.digest}", problem, hint, "blob-digest"))
    return data


def document_in(manifest: bytes, *, of: str) -> Descriptor | None:
    """The descriptor of the document that this manifest ties to the image `of`.

    None for what has another form: whoever may write to a store may tie things of their own to an image.
    """
    try:
        artifact_manifest = ImageManifest.parse(manifest)
    except ValueError:
        return None
    subject, layers = artifact_manifest.subject, artifact_manifest.layers
    return layers[0] if layers and subject is not None and subject.digest == of else None


def descriptor(manifest: bytes, media_type: str) -> Descriptor:
    """How a list of referrers names the manifest of a document of this type."""
    return Descriptor(media_type=MANIFEST, digest=digest_of(manifest), size=len(manifest), artifact_type=media_type)


def index(descriptors: Iterable[Descriptor]) -> bytes:
    """The list of referrers for a registry that keeps none itself."""
    return Index(schema_version=2, media_type=INDEX, manifests=tuple(descriptors)).encode()


def fallback_tag(digest: str) -> str:
    """The tag under which that list is looked for ("referrers tag schema" of the distribution specification)."""
    return digest.replace(":", "-")
