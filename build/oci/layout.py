"""A folder of images: the OCI image layout, read by skopeo, podman, crane and containerd as it is."""

import contextlib
import hashlib
import os
import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import BinaryIO

from build.oci.file_lock import file_lock
from build.oci.image import INDEX, MANIFEST, Blob, Image, digest_of, platform_of
from build.oci.json_documents import Descriptor, ImageManifest, Index, dump
from build.oci.referrers import EMPTY, artifact, descriptor, document_in
from build.oci.store import Attachment, PushedImage, StoreError, tag_taken
from model.errors import Problem
from model.files import sync_folder, write_atomically

REF_NAME = "org.opencontainers.image.ref.name"
CHUNK = 1 << 20
PUBLISH_AGAIN = "Publish the image again"


class Layout:
    """An ImageStore in `folder`, which the first push makes. Builders take turns at the whole folder."""

    name = "kamado"

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.blobs = folder / "blobs" / "sha256"
        self.unfinished = folder / ".unfinished"

    # reading

    def tags(self) -> list[str]:
        return [tag for entry in self._index().manifests if (tag := _tag(entry)) is not None]

    def resolve(self, name: str) -> str | None:
        return next((entry.digest for entry in self._index().manifests if name in (_tag(entry), entry.digest)), None)

    def images(self) -> list[str]:
        """The digests of all images and lists of images, with a tag or without."""
        return list(dict.fromkeys(entry.digest for entry in self._index().manifests if entry.artifact_type is None))

    def manifest(self, digest: str) -> bytes:
        with self.blob(digest) as file:
            data = file.read()
        if digest_of(data) != digest:
            raise self._error(f"holds {digest_of(data)} as {digest}", "blob-digest")
        return data

    def blob(self, digest: str) -> BinaryIO:
        try:
            return self._path(digest).open("rb")
        except OSError as error:
            raise self._error(f"has no {digest} ({error.strerror})", "store-broken") from error

    def referrers(self, digest: str) -> list[Blob]:
        documents = []
        for entry in self._index().manifests:
            if entry.artifact_type is not None:
                try:
                    document = document_in(self.manifest(entry.digest), of=digest)
                except StoreError:  # it may be another image's: what is lost is no document of this one
                    continue
                if document is not None:
                    documents.append(self._blob_of(document))
        return documents

    def is_complete(self, digest: str) -> bool:
        try:
            manifest = ImageManifest.parse(self.manifest(digest))
        except (ValueError, StoreError):  # it is not what its digest says, and is written again
            return False
        return all(self._holds(part.digest) for part in (manifest.config, *manifest.layers))

    # writing

    def push(self, image: Image) -> PushedImage:
        with self._writing():
            for blob in (*image.layers, image.config_blob, image.manifest_blob):
                self._put(blob)
            write_atomically(self.folder / "oci-layout", dump({"imageLayoutVersion": "1.0.0"}))
        return PushedImage(image)

    def attach(self, digest: str, attachments: Sequence[Attachment]) -> None:
        with self._writing():
            subject = self._manifest_blob(digest)
            entries = []
            for attachment in attachments:
                manifest = artifact(subject, attachment)
                for blob in (EMPTY, Blob.of(attachment.data, attachment.media_type), Blob.of(manifest, MANIFEST)):
                    self._put(blob)
                entries.append(descriptor(manifest, attachment.media_type))
            index = self._index()
            self._write(index, [*index.manifests, *(entry for entry in entries if entry not in index.manifests)])

    def tag(self, digest: str, tag: str, *, replaces: str | None = None) -> None:
        with self._writing():
            existing, index = self.resolve(tag), self._index()
            if existing == digest:
                return
            if existing not in (None, replaces):
                raise tag_taken(tag, existing=str(existing), new=digest)
            entry = self._entry(digest, tag)
            self._write(index, [*(listed for listed in index.manifests if _tag(listed) != tag), entry])

    @contextlib.contextmanager
    def lock(self, _tag: str = "", /) -> Iterator[None]:
        """Of the whole folder. A killed builder leaves unfinished blobs behind, which the next one removes."""
        with contextlib.ExitStack() as stack:
            with self._write_errors():
                self.blobs.mkdir(parents=True, exist_ok=True)
                folder_lock = file_lock(self.folder / ".lock")
                is_held = folder_lock.is_locked
                stack.enter_context(folder_lock)
                if not is_held:
                    self._remove_unfinished()
                    self.unfinished.mkdir()
                    stack.callback(shutil.rmtree, self.unfinished, ignore_errors=True)
            yield

    @contextlib.contextmanager
    def _writing(self) -> Iterator[None]:
        with self.lock(), self._write_errors():
            yield

    @contextlib.contextmanager
    def _write_errors(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            problem = f"cannot be written ({error.strerror or error})"
            hint = "Name a folder on a disk with room, where this user may write; what was there is unchanged"
            raise StoreError(Problem(str(self.folder), problem, hint, "store-unwritable")) from error

    def _remove_unfinished(self) -> None:
        shutil.rmtree(self.unfinished, ignore_errors=True)
        for stray in (*self.folder.glob(".index.json.*"), *self.folder.glob(".oci-layout.*")):
            stray.unlink()

    def _index(self) -> Index:
        path = self.folder / "index.json"
        try:
            return Index.parse(path.read_bytes())
        except FileNotFoundError:
            return Index(schema_version=2, media_type=INDEX, manifests=())
        except (OSError, ValueError) as error:
            hint = "Nothing was changed. Move the folder away, or name another"
            raise StoreError(Problem(str(path), "is not an OCI index", hint, "store-broken")) from error

    def _write(self, index: Index, manifests: Sequence[Descriptor]) -> None:
        write_atomically(self.folder / "index.json", index.replaced(manifests).encode())

    def _entry(self, digest: str, tag: str) -> Descriptor:
        """How the index names an image. Raises StoreError for what is not an image."""
        blob = self._manifest_blob(digest)
        values = {"media_type": blob.media_type, "digest": digest, "size": blob.size, "annotations": {REF_NAME: tag}}
        try:
            config = ImageManifest.parse(self.manifest(digest)).config.digest
            values["platform"] = platform_of(self.manifest(config))
        except ValueError:
            pass  # a list of images has no platform of its own
        return Descriptor.model_validate(values)

    def _manifest_blob(self, digest: str) -> Blob:
        data = self.manifest(digest)
        try:
            media_type = ImageManifest.parse(data).media_type
        except ValueError:
            raise self._error(f"has no manifest in {digest}", "store-broken") from None
        return Blob.of(data, media_type or MANIFEST)

    def _blob_of(self, document: Descriptor) -> Blob:
        return Blob(document.digest, document.size, document.media_type, lambda: self.blob(document.digest))

    def _path(self, digest: str) -> Path:
        return self.blobs / digest.removeprefix("sha256:")

    def _holds(self, digest: str) -> bool:
        """Whether the blob is there and is what it is called: a disk may have lost its end."""
        try:
            with self._path(digest).open("rb") as file:
                return f"sha256:{hashlib.file_digest(file, 'sha256').hexdigest()}" == digest
        except FileNotFoundError:
            return False

    def _put(self, blob: Blob) -> None:
        if self._holds(blob.digest):
            return
        target, sha256 = self.unfinished / blob.digest.removeprefix("sha256:"), hashlib.sha256()
        with blob.open() as source, target.open("wb") as file:
            while data := source.read(CHUNK):
                sha256.update(data)
                file.write(data)
            file.flush()
            os.fsync(file.fileno())
        if f"sha256:{sha256.hexdigest()}" != blob.digest:
            hint = "Nothing was tagged. Build again; if it stays, the base in its registry or cache is damaged"
            raise StoreError(Problem(f"blob {blob.digest}", "does not match its digest", hint, "blob-digest"))
        target.chmod(0o644)
        target.replace(self._path(blob.digest))
        sync_folder(self.blobs)

    def _error(self, problem: str, code: str) -> StoreError:
        return StoreError(Problem(str(self.folder), problem, PUBLISH_AGAIN, code))


def _tag(entry: Descriptor) -> str | None:
    return (entry.annotations or {}).get(REF_NAME)
