"""Where an image goes, and from where a released one comes back. Every place behaves alike: tests/contracts/publish.py
is the contract.

place.py     from `--to` to a place
layout.py    oci:FOLDER, an OCI image layout
registry.py  registry://HOST/REPOSITORY, any OCI registry
ecr.py       ecr://ACCOUNT.REGION/REPOSITORY, a registry with AWS's login, repositories and immutable tags
aws.py       what ECR asks of AWS
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import BinaryIO, Literal, Protocol

from build.oci.image import Blob, Image
from model.errors import OutputError, Problem


class StoreError(OutputError):
    """A place for images cannot take, or give, what was asked."""

    heading = "the place for images refused"


@dataclass(frozen=True)
class Published:
    """`digest` is what the tag now names; "unchanged" means that it did before, and that nothing was written."""

    digest: str
    outcome: Literal["written", "unchanged"]


@dataclass(frozen=True)
class Attachment:
    """A document about an image, kept beside it: what it is by media type, and its bytes."""

    media_type: str
    data: bytes


@dataclass(frozen=True)
class Staged:
    """An image that lies at its place, whole and without a tag.

    `pull` is the reference by which a container engine may fetch it, with user and password if it takes them; None
    where an engine cannot.
    """

    image: Image
    pull: str | None = None
    login: tuple[str, str] | None = None


Prove = Callable[[Staged], Sequence[Attachment]]


def unproven(_: Staged) -> Sequence[Attachment]:
    """For what is no model: nothing to prove, nothing to attach."""
    return ()


class ImageStore(Protocol):
    """A place for images.

    The tag is the last write: killed at any moment, no tag names content that is not wholly there, and the next call
    completes. The same content under its tag is a success that writes nothing; sameness is that of the config, whose
    digest does not depend on how layers are compressed. Other content under a taken tag is refused, with both digests.
    """

    name: str  # what stands before :TAG@DIGEST in a reference

    def publish(self, image: Image, tag: str, *, prove: Prove = unproven) -> Published:
        """Lay the image down, `prove` it, attach what that gives, then write the tag.

        Raises StoreError for a taken tag and when the place cannot be written, and what `prove` raises; there is
        no tag then.
        """
        ...

    def tags(self) -> list[str]: ...

    def digest(self, name: str) -> str | None:
        """The manifest that a tag names; for a digest, itself when it is here."""
        ...

    def manifest(self, digest: str) -> bytes:
        """The bytes of this digest. Raises StoreError when the place has them no more."""
        ...

    def blob(self, digest: str) -> BinaryIO:
        """To be read once; readers compare the digest."""
        ...

    def add_tag(self, digest: str, tag: str) -> None:
        """A second name for an image that is here. Raises StoreError, with code tag-taken for a name in use."""
        ...

    def attach(self, digest: str, attachments: Sequence[Attachment]) -> None:
        """Documents for an image that is here already, beside those it has. Raises StoreError."""
        ...

    def attachments(self, digest: str) -> list[Blob]:
        """What was attached to this image, by media type; sizes and digests are those of the documents."""
        ...


def taken(tag: str, *, here: str, new: str) -> StoreError:
    """The refusal that every place gives for a tag that names other content."""
    return StoreError(
        Problem(
            f"tag {tag}",
            f"names other content already: {here}; this image is {new}",
            "Tags never move. The same bundle was published with another verdict or by another Kamado: use that image, "
            "or publish to another place",
            "tag-taken",
        )
    )
