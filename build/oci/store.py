"""Where images are: read by anyone who brings a base, a release or a champion, written by `publish`.

open_store.py  from what a person writes, as store_address.py has it, to a store
layout.py      oci:FOLDER, an OCI image layout
registry.py    registry://HOST/REPOSITORY, any OCI registry
ecr.py         ecr://ACCOUNT.REGION/REPOSITORY, a registry with AWS's credentials, repositories and immutable tags

Every store behaves alike: tests/contracts/image_store.py is the contract.
"""

from collections.abc import Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import BinaryIO, Protocol

from build.oci.image import Blob, Image
from model.errors import OutputError, Problem


class StoreError(OutputError):
    """An image store cannot write, or does not have, what it was asked for."""

    heading = "image store error"


class StoreAddressError(StoreError):
    """What was named is not a store."""

    final = True


class TagTakenError(StoreError):
    """The tag names other content."""

    final = True


@dataclass(frozen=True)
class Attachment:
    """A document about an image, kept beside it: what it is by media type, and its bytes."""

    media_type: str
    data: bytes


@dataclass(frozen=True)
class PushedImage:
    """An image that is complete in its store and has no tag yet.

    `pull` is the reference by which a container engine can pull it, with user and password if they are needed; None
    where an engine cannot.
    """

    image: Image
    pull: str | None = None
    login: tuple[str, str] | None = None


class ImageReader(Protocol):
    """Images that can be read by tag and by digest."""

    @property
    def name(self) -> str:
        """What stands before :TAG@DIGEST in a reference."""
        ...

    def tags(self) -> list[str]: ...

    def resolve(self, name: str) -> str | None:
        """The digest of the manifest that a tag names; for a digest, itself when it is here. None when it is not."""
        ...

    def manifest(self, digest: str) -> bytes:
        """The bytes of this digest. Raises StoreError when they are missing."""
        ...

    def blob(self, digest: str) -> BinaryIO:
        """To be read once; readers compare the digest. Raises StoreError."""
        ...

    def referrers(self, digest: str) -> list[Blob]:
        """The documents attached to this image, by media type; sizes and digests are those of the documents."""
        ...


class ImageStore(ImageReader, Protocol):
    """Images that can also be written. `publish` does so in the order that is safe."""

    def push(self, image: Image) -> PushedImage:
        """Write blobs and manifest, and verify that they are there. Without a tag. Raises StoreError."""
        ...

    def is_complete(self, digest: str) -> bool:
        """Whether the manifest and every blob that it names are here."""
        ...

    def attach(self, digest: str, attachments: Sequence[Attachment]) -> None:
        """Documents for an image that is here, beside those that it has. Raises StoreError."""
        ...

    def tag(self, digest: str, tag: str, *, replaces: str | None = None) -> None:
        """Name an image that is here. Raises StoreError, with code tag-taken for a tag that names another digest.

        `replaces` is the one digest from which the tag may move: an image of the same content that is damaged.
        """
        ...

    def lock(self, tag: str, /) -> AbstractContextManager[object]:
        """One builder of this machine at a time for this tag; whoever holds it may call all methods above."""
        ...


def tag_taken(tag: str, *, existing: str, new: str) -> TagTakenError:
    """The refusal of every store for a tag that names other content."""
    return TagTakenError(
        Problem(
            f"tag {tag}",
            f"names other content already: {existing}; this image is {new}",
            "Tags never move. The same bundle was published with another verdict or by another Kamado: use that image, "
            "or publish to another store",
            "tag-taken",
        )
    )
