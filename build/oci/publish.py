"""Publishing an image: the same steps for every store, the tag last."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

from build.oci.image import Image, config_of, digest_of
from build.oci.store import Attachment, ImageStore, PushedImage, tag_taken

BeforeTag = Callable[[PushedImage], Sequence[Attachment]]


@dataclass(frozen=True)
class Published:
    """`digest` is what the tag now names; "unchanged" means that it did before, and that nothing was written."""

    digest: str
    outcome: Literal["written", "unchanged"]


def publish(store: ImageStore, image: Image, tag: str, *, before_tag: BeforeTag | None = None) -> Published:
    """Push the image, call `before_tag`, attach the documents that it returns, then write the tag.

    Killed at any moment, no tag names content that is not complete, and the next call completes it. The same content
    under its tag is a success that writes nothing; sameness is that of the config, whose digest does not depend on how
    layers are compressed. Raises StoreError for a tag that names other content and when the store cannot be written,
    and what `before_tag` raises; there is no tag then.
    """
    with store.lock(tag):
        existing = store.resolve(tag)
        if existing is not None:
            _refuse_other_content(store, image, tag, existing)
            if store.is_complete(existing):
                return Published(existing, "unchanged")
        pushed = store.push(image)
        if before_tag is not None:
            _attach(store, image.digest, before_tag(pushed))
        current = store.resolve(tag)
        if current is not None and current != existing:  # written by a builder on another machine, meanwhile
            _refuse_other_content(store, image, tag, current)
            return Published(current, "unchanged")
        store.tag(image.digest, tag, replaces=existing)
        return Published(image.digest, "written")


def _refuse_other_content(store: ImageStore, image: Image, tag: str, existing: str) -> None:
    if existing != image.digest and config_of(store.manifest(existing)) != digest_of(image.config):
        raise tag_taken(tag, existing=existing, new=image.digest)


def _attach(store: ImageStore, digest: str, attachments: Sequence[Attachment]) -> None:
    """A build that ended before its tag has left documents already. A second one of a kind says nothing new about the
    same image; and where tags are immutable the list of documents cannot grow."""
    if attachments:
        known = {document.media_type for document in store.referrers(digest)}
        new = [attachment for attachment in attachments if attachment.media_type not in known]
        if new:
            store.attach(digest, new)
