"""Any OCI registry as a place for images. No daemon, no privilege, and of a base in the same registry no byte."""

import contextlib
import fcntl
import hashlib
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager
from io import BufferedReader, RawIOBase
from pathlib import Path
from typing import BinaryIO

from build.oci.credentials import docker_login
from build.oci.image import CONFIG, INDEX, MANIFEST, Blob, Image, config_of, digest_of, parsed
from build.oci.referrers import artifact, descriptor, document, empty, fallback_tag, index, small
from build.oci.registry_client import Client, Found, RegistryError
from build.oci.responses import descriptors
from build.oci.store import Attachment, Prove, Published, Staged, StoreError, taken, unproven
from model.errors import Problem


class RegistryStore:
    """A Publisher into one repository.

    The distribution API has no "write this tag if it is free". Where the registry keeps tags immutable (ECR) it
    decides between two builders; else those of one machine take turns by `locks`, and those of two machines are kept
    apart by looking at the tag just before and just after it is written.
    """

    def __init__(self, client: Client, *, locks: Path | None) -> None:
        self.client = client
        self.name = client.name
        self.locks = locks

    def publish(self, image: Image, tag: str, *, prove: Prove = unproven) -> Published:
        with self._alone(tag):
            done = self._published(image, tag)
            if done is not None and (done.digest != image.digest or self._is_whole(image)):
                return done
            self._lay_down(image)
            self._attach(small(image.manifest, image.media_type), self._new_kinds(image, prove(self._staged(image))))
            return self._name(image, tag)

    def tags(self) -> list[str]:
        return self.client.tags()

    def digest(self, name: str) -> str | None:
        return self.client.digest(name)

    def manifest(self, digest: str) -> bytes:
        return self._found(digest).data

    def blob(self, digest: str) -> BinaryIO:
        return BufferedReader(_Stream(self.client.stream(digest)))

    def add_tag(self, digest: str, tag: str) -> None:
        found = self._found(digest)
        with self._alone(tag):
            if (here := self.client.digest(tag)) is None:
                here = self._write_tag(tag, found.data, found.media_type)
            if here != digest:
                raise taken(tag, here=here, new=digest)

    def attach(self, digest: str, attachments: Sequence[Attachment]) -> None:
        found = self._found(digest)
        with self._alone(fallback_tag(digest)):
            self._attach(small(found.data, found.media_type), attachments)

    def attachments(self, digest: str) -> list[Blob]:
        found = []
        for one in self._referrers(digest):
            try:
                manifest = self.client.manifest(one["digest"])  # a list may outlive what it names
            except RegistryError as refusal:
                if refusal.problems[0].code != "registry-answer":
                    raise
                continue  # somebody else's, and no JSON that can be read
            layer = document(manifest.data, of=digest) if manifest else None
            if layer is not None:
                found.append(self._held(layer["digest"], layer["size"], layer["mediaType"]))
        return found

    # steps of publishing

    def _published(self, image: Image, tag: str) -> Published | None:
        """What the tag names when that is this very content; None for a free tag. Raises StoreError when taken."""
        here = self.client.digest(tag)
        if here is None:
            return None
        if here != image.digest and config_of(self.manifest(here)) != digest_of(image.config):
            raise taken(tag, here=here, new=image.digest)
        return Published(here, "unchanged")

    def _is_whole(self, image: Image) -> bool:
        """Whether the registry still has every blob: one that lost something is given it again."""
        blobs = (*image.layers, small(image.config, CONFIG))
        return all(self.client.size(blob.digest) == blob.size for blob in blobs)

    def _lay_down(self, image: Image) -> None:
        """Blobs, then the manifest by its digest, then all of it is asked for again."""
        blobs = (*image.layers, small(image.config, CONFIG))
        for blob in blobs:
            self.client.upload(blob)
        self.client.put(image.digest, image.manifest, image.media_type)
        if self.manifest(image.digest) != image.manifest:
            raise self._refused(f"gives another manifest for {image.digest}", "place-broken")
        for blob in blobs:
            if (size := self.client.size(blob.digest)) != blob.size:
                found = f"says {size} bytes for {blob.digest}, which has {blob.size}"
                raise self._refused(found, "place-broken")

    def _staged(self, image: Image) -> Staged:
        login = self.client.login.credentials(renew=False) if self.client.authorization else None
        return Staged(image, f"{self.name}@{image.digest}", login)

    def _attach(self, image: Blob, attachments: Sequence[Attachment]) -> None:
        """`image` is its manifest."""
        if not attachments:
            return
        listed = []
        self.client.upload(empty())
        for attachment in attachments:
            self.client.upload(small(attachment.data, attachment.media_type))
            manifest = artifact(image, attachment)
            answer = self.client.put(digest_of(manifest), manifest, MANIFEST)
            if "OCI-Subject" not in answer.headers:  # then it keeps no list of referrers itself
                listed.append(descriptor(manifest, attachment.media_type))
        before = self._fallback(image.digest) if listed else []
        added = [one for one in listed if one not in before]
        if added:
            self.client.put(fallback_tag(image.digest), index([*before, *added]), INDEX)

    def _new_kinds(self, image: Image, attachments: Sequence[Attachment]) -> list[Attachment]:
        """A build that ended before its tag has left documents already. One that is repeated, and proven in another
        way, says nothing new about the same image; and where tags are immutable the list cannot grow."""
        known = {one.get("artifactType") for one in self._referrers(image.digest)} if attachments else set()
        return [one for one in attachments if one.media_type not in known]

    def _name(self, image: Image, tag: str) -> Published:
        if (done := self._published(image, tag)) is not None:  # by a builder on another machine, meanwhile
            return done
        here = self._write_tag(tag, image.manifest, image.media_type)
        if here != image.digest:
            raise taken(tag, here=here, new=image.digest)
        return Published(here, "written")

    def _write_tag(self, tag: str, manifest: bytes, media_type: str) -> str:
        """What the tag names afterwards. A registry with immutable tags refuses when another was faster."""
        try:
            self.client.put_if_free(tag, manifest, media_type)
        except RegistryError:
            here = self.client.digest(tag)
            if here is None:
                raise
            return here
        here = self.client.digest(tag)
        if here is None:
            raise self._refused(f"accepted the tag {tag} but does not list it", "place-broken")
        return here

    # reading

    def _found(self, digest: str) -> Found:
        found = self.client.manifest(digest)
        if found is None:
            raise self._refused(f"has no {digest}", "place-broken")
        return found

    def _referrers(self, digest: str) -> list[dict[str, str]]:
        listed = self.client.referrers(digest)
        return self._fallback(digest) if listed is None else listed

    def _fallback(self, digest: str) -> list[dict[str, str]]:
        found = self.client.manifest(fallback_tag(digest))
        if found is None:
            return []
        try:
            return descriptors(parsed(found.data))
        except ValueError as error:
            told = f"sends {error} under the tag {fallback_tag(digest)}"
            raise self._refused(told, "place-broken") from None

    def _held(self, digest: str, size: int, media_type: str) -> Blob:
        return Blob(digest, size, media_type, lambda: self.blob(digest))

    def _alone(self, tag: str) -> AbstractContextManager[None]:
        if self.locks is None:
            return contextlib.nullcontext()
        return alone(self.locks, f"{self.name}:{tag}")

    def _refused(self, found: str, code: str) -> StoreError:
        return StoreError(Problem(f"registry {self.name}", found, "Push again; if it stays, repair the registry", code))


@contextlib.contextmanager
def alone(folder: Path, name: str) -> Iterator[None]:
    """One builder of this machine at a time for this name. A killed one leaves its lock free."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        lock = (folder / hashlib.sha256(name.encode()).hexdigest()[:32]).open("w")
    except OSError as error:
        hint = "Set KAMADO_CACHE to a folder where this user may write"
        raise StoreError(
            Problem(str(folder), f"cannot be written ({error.strerror})", hint, "place-unwritable")
        ) from error
    with lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


class _Stream(RawIOBase):
    """Chunks as a file to read."""

    def __init__(self, chunks: Iterator[bytes]) -> None:
        self._chunks = chunks
        self._rest = b""

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        if not self._rest:
            self._rest = next(self._chunks, b"")
        given = self._rest[: len(buffer)]
        buffer[: len(given)] = given
        self._rest = self._rest[len(given) :]
        return len(given)


def registry_store(host: str, repository: str, *, locks: Path) -> RegistryStore:
    """Raises nothing: the registry is first asked when something is published."""
    return RegistryStore(Client(host, repository, login=docker_login(host)), locks=locks)
