"""Images in any OCI registry. No daemon, no privilege, and of a base in the same registry no byte."""

import contextlib
import hashlib
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager
from io import BufferedReader, RawIOBase
from pathlib import Path
from typing import BinaryIO

from build.oci.credentials import docker_login
from build.oci.file_lock import file_lock
from build.oci.image import INDEX, MANIFEST, Blob, Image, digest_of
from build.oci.json_documents import Descriptor, ImageManifest, Index
from build.oci.referrers import EMPTY, artifact, descriptor, document_in, fallback_tag, index
from build.oci.registry_client import RegistryClient, StoredManifest
from build.oci.registry_session import RegistryError
from build.oci.store import Attachment, PushedImage, StoreError, tag_taken
from model.errors import Problem


class RegistryReader:
    """An ImageReader of one repository."""

    def __init__(self, client: RegistryClient) -> None:
        self._client = client

    @property
    def client(self) -> RegistryClient:
        return self._client

    @property
    def name(self) -> str:
        return self._client.name

    def tags(self) -> list[str]:
        return self.client.tags()

    def resolve(self, name: str) -> str | None:
        return self.client.resolve(name)

    def manifest(self, digest: str) -> bytes:
        return self._stored(digest).data

    def blob(self, digest: str) -> BinaryIO:
        return BufferedReader(_ChunkReader(self.client.stream(digest)))

    def referrers(self, digest: str) -> list[Blob]:
        documents = []
        for listed in self._listed_referrers(digest):
            try:
                manifest = self.client.manifest(listed.digest)  # a list may outlive what it names
            except RegistryError as refusal:
                if refusal.problems[0].code != "registry-answer":
                    raise
                continue  # somebody else's, and not JSON that can be read
            document = document_in(manifest.data, of=digest) if manifest else None
            if document is not None:
                documents.append(self._blob_of(document))
        return documents

    def _stored(self, digest: str) -> StoredManifest:
        manifest = self.client.manifest(digest)
        if manifest is None:
            raise self._error(f"has no {digest}")
        return manifest

    def _listed_referrers(self, digest: str) -> list[Descriptor]:
        listed = self.client.referrers(digest)
        return self._fallback_list(digest) if listed is None else listed

    def _fallback_list(self, digest: str) -> list[Descriptor]:
        manifest = self.client.manifest(fallback_tag(digest))
        if manifest is None:
            return []
        try:
            return list(Index.parse(manifest.data).manifests)
        except ValueError as error:
            raise self._error(f"has something under the tag {fallback_tag(digest)} that {error}") from None

    def _blob_of(self, document: Descriptor) -> Blob:
        return Blob(document.digest, document.size, document.media_type, lambda: self.blob(document.digest))

    def _error(self, problem: str) -> StoreError:
        hint = "Push again; if it stays, repair the registry"
        return StoreError(Problem(f"registry {self.name}", problem, hint, "store-broken"))


class RegistryStore(RegistryReader):
    """An ImageStore in one repository.

    The distribution API has no "write this tag if it is free". Where the registry keeps tags immutable (ECR) it
    decides between two builders; else those of one machine take turns by `locks`, and those of two machines are kept
    apart by looking at the tag just before and just after it is written.
    """

    def __init__(self, client: RegistryClient, *, locks: Path | None) -> None:
        super().__init__(client)
        self.locks = locks

    def push(self, image: Image) -> PushedImage:
        """Blobs, then the manifest by its digest, then all of it is requested again."""
        for blob in (*image.layers, image.config_blob):
            self.client.upload(blob)
        self.client.put(image.digest, image.manifest, image.media_type)
        if self.manifest(image.digest) != image.manifest:
            raise self._error(f"gives another manifest for {image.digest}")
        for blob in (*image.layers, image.config_blob):
            if (size := self.client.size(blob.digest)) != blob.size:
                raise self._error(f"reports {size} bytes for {blob.digest}, which has {blob.size}")
        http = self.client.http
        login = http.login.credentials(renew=False) if http.authorization else None
        return PushedImage(image, f"{self.name}@{image.digest}", login)

    def is_complete(self, digest: str) -> bool:
        try:
            manifest = ImageManifest.parse(self.manifest(digest))
        except (ValueError, StoreError):
            return False
        return all(self.client.size(part.digest) == part.size for part in (manifest.config, *manifest.layers))

    def attach(self, digest: str, attachments: Sequence[Attachment]) -> None:
        stored = self._stored(digest)
        subject = Blob.of(stored.data, stored.media_type)
        with self.lock(fallback_tag(digest)):
            unlisted = [listed for attachment in attachments if (listed := self._attach(subject, attachment))]
            before = self._fallback_list(digest) if unlisted else []
            added = [listed for listed in unlisted if listed not in before]
            if added:
                self.client.put(fallback_tag(digest), index([*before, *added]), INDEX)

    def _attach(self, subject: Blob, attachment: Attachment) -> Descriptor | None:
        """How a list of referrers has to name the document, where the registry keeps no list itself."""
        for blob in (EMPTY, Blob.of(attachment.data, attachment.media_type)):
            self.client.upload(blob)
        manifest = artifact(subject, attachment)
        answer = self.client.put(digest_of(manifest), manifest, MANIFEST)
        return None if "OCI-Subject" in answer.headers else descriptor(manifest, attachment.media_type)

    def tag(self, digest: str, tag: str, *, replaces: str | None = None) -> None:
        stored = self._stored(digest)
        with self.lock(tag):
            current = self._write_tag(tag, stored, replaces)
            if current != digest:
                raise tag_taken(tag, existing=current, new=digest)

    def _write_tag(self, tag: str, manifest: StoredManifest, replaces: str | None) -> str:
        """What the tag names afterwards. A registry with immutable tags refuses when another was faster."""
        try:
            self.client.put_if_free(tag, manifest, replaces=replaces)
        except RegistryError:
            current = self.client.resolve(tag)
            if current is None:
                raise
            return current
        current = self.client.resolve(tag)
        if current is None:
            raise self._error(f"accepted the tag {tag} but does not list it")
        return current

    def lock(self, tag: str, /) -> AbstractContextManager[object]:
        return contextlib.nullcontext() if self.locks is None else _machine_lock(self.locks, f"{self.name}:{tag}")


@contextlib.contextmanager
def _machine_lock(folder: Path, name: str) -> Iterator[None]:
    lock = file_lock(folder / hashlib.sha256(name.encode()).hexdigest()[:32])
    try:
        folder.mkdir(parents=True, exist_ok=True)
        lock.acquire()
    except OSError as error:
        hint = "Set KAMADO_CACHE to a folder where this user may write"
        raise StoreError(
            Problem(str(folder), f"cannot be written ({error.strerror})", hint, "store-unwritable")
        ) from error
    try:
        yield
    finally:
        lock.release()


class _ChunkReader(RawIOBase):
    """Chunks as a file to read."""

    def __init__(self, chunks: Iterator[bytes]) -> None:
        self._chunks = chunks
        self._rest = b""

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        if not self._rest:
            self._rest = next(self._chunks, b"")
        data = self._rest[: len(buffer)]
        buffer[: len(data)] = data
        self._rest = self._rest[len(data) :]
        return len(data)


def registry_store(host: str, repository: str, *, locks: Path) -> RegistryStore:
    """Raises nothing: the registry is first asked when something is published or read."""
    return RegistryStore(RegistryClient(host, repository, login=docker_login(host)), locks=locks)
