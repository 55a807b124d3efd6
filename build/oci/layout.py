"""A folder of images: the OCI image layout, read by skopeo, podman, crane and containerd as it is."""

import contextlib
import fcntl
import hashlib
import json
import os
import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, BinaryIO

from build.oci.image import CONFIG, DIGEST, INDEX, MANIFEST, Blob, Image, config_of, digest_of, dump, parsed
from build.oci.referrers import artifact, descriptor, document, empty, small
from build.oci.store import Attachment, Prove, Published, Staged, StoreError, taken, unproven
from model.errors import Problem
from model.files import sync_folder, write_atomically

REF_NAME = "org.opencontainers.image.ref.name"
CHUNK = 1 << 20
LAY_AGAIN = "Publish the image again"


class Layout:
    """A Publisher into `folder`, which is made when it is not there. Two builders take turns."""

    name = "kamado"

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.blobs = folder / "blobs" / "sha256"
        self.unfinished = folder / ".unfinished"

    def publish(self, image: Image, tag: str, *, prove: Prove = unproven) -> Published:
        with self._writing():
            return self._publish(image, tag, prove)

    def tags(self) -> list[str]:
        return [name for one in self._index()["manifests"] if (name := _tag(one))]

    def digest(self, name: str) -> str | None:
        entries = self._index()["manifests"]
        return next((str(one["digest"]) for one in entries if name in (_tag(one), one["digest"])), None)

    def manifest(self, digest: str) -> bytes:
        with self.blob(digest) as file:
            data = file.read()
        if digest_of(data) != digest:
            found, hint = f"holds {digest_of(data)} as {digest}", LAY_AGAIN
            raise StoreError(Problem(str(self.folder), found, hint, "blob-digest"))
        return data

    def blob(self, digest: str) -> BinaryIO:
        try:
            return self._path(digest).open("rb")
        except OSError as error:
            found, hint = f"has no {digest} ({error.strerror})", LAY_AGAIN
            raise StoreError(Problem(str(self.folder), found, hint, "place-broken")) from error

    def add_tag(self, digest: str, tag: str) -> None:
        with self._writing():
            index = self._index()
            here = self.digest(tag)
            if here == digest:
                return
            if here is not None:
                raise taken(tag, here=here, new=digest)
            entry = next((one for one in index["manifests"] if one["digest"] == digest), None)
            if entry is None:
                found, hint = f"has no image {digest}", "Name one of its images"
                raise StoreError(Problem(str(self.folder), found, hint, "place-broken"))
            index["manifests"].append({**entry, "annotations": {REF_NAME: tag}})
            write_atomically(self.folder / "index.json", dump(index))

    def attach(self, digest: str, attachments: Sequence[Attachment]) -> None:
        with self._writing():
            index, manifest = self._index(), self.manifest(digest)
            image = small(manifest, self._media_type(manifest, digest))
            index["manifests"] += [one for one in self._attach(image, attachments) if one not in index["manifests"]]
            write_atomically(self.folder / "index.json", dump(index))

    def attachments(self, digest: str) -> list[Blob]:
        found = []
        for entry in self._index()["manifests"]:
            if "artifactType" in entry:
                try:
                    layer = document(self.manifest(entry["digest"]), of=digest)
                except StoreError:  # another image's, it may be: whatever was lost is nobody's document
                    continue
                if layer is not None:
                    found.append(self._held(layer))
        return found

    def _publish(self, image: Image, tag: str, prove: Prove) -> Published:
        index = self._index()
        here = next((one for one in index["manifests"] if _tag(one) == tag), None)
        if here is not None:
            if (config := self._config_of(here["digest"])) not in (None, digest_of(image.config)):
                raise taken(tag, here=here["digest"], new=image.digest)
            if config is not None and self._is_whole(here["digest"]):
                return Published(here["digest"], "unchanged")
        manifest = small(image.manifest, image.media_type)
        for blob in (*image.layers, small(image.config, CONFIG), manifest):
            self._put(blob)
        write_atomically(self.folder / "oci-layout", dump({"imageLayoutVersion": "1.0.0"}))
        entry = {**manifest.descriptor, "platform": image.platform}
        others = [one for one in index["manifests"] if one is not here]
        attached = [one for one in self._attach(manifest, prove(Staged(image))) if one not in others]
        index["manifests"] = [*others, *attached, {**entry, "annotations": {REF_NAME: tag}}]
        write_atomically(self.folder / "index.json", dump(index))
        return Published(image.digest, "written")

    def _attach(self, image: Blob, attachments: Sequence[Attachment]) -> Iterator[dict[str, Any]]:
        """Lays documents about an image, named by its manifest, down; gives their entries for the index."""
        for attachment in attachments:
            manifest = artifact(image, attachment)
            for blob in (empty(), small(attachment.data, attachment.media_type), small(manifest, MANIFEST)):
                self._put(blob)
            yield descriptor(manifest, attachment.media_type)

    def _media_type(self, manifest: bytes, digest: str) -> str:
        try:
            found = parsed(manifest).get("mediaType", MANIFEST)
        except ValueError:
            found = None
        if not isinstance(found, str):
            raise StoreError(Problem(str(self.folder), f"has no manifest in {digest}", LAY_AGAIN, "place-broken"))
        return found

    def _held(self, layer: dict[str, Any]) -> Blob:
        digest = str(layer["digest"])
        return Blob(digest, layer["size"], layer["mediaType"], lambda: self.blob(digest))

    @contextlib.contextmanager
    def _writing(self) -> Iterator[None]:
        """Alone, and with what the system says put into words."""
        try:
            with self._alone():
                yield
        except OSError as error:
            found = f"cannot be written ({error.strerror or error})"
            hint = "Give a folder on a disk with room, where this user may write; what was there is untouched"
            raise StoreError(Problem(str(self.folder), found, hint, "place-unwritable")) from error

    @contextlib.contextmanager
    def _alone(self) -> Iterator[None]:
        """One builder at a time. A killed one leaves its lock free and unfinished blobs behind, which go."""
        self.blobs.mkdir(parents=True, exist_ok=True)
        with (self.folder / ".lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            shutil.rmtree(self.unfinished, ignore_errors=True)
            for stray in (*self.folder.glob(".index.json.*"), *self.folder.glob(".oci-layout.*")):
                stray.unlink()
            self.unfinished.mkdir()
            try:
                yield
            finally:
                shutil.rmtree(self.unfinished, ignore_errors=True)

    def _index(self) -> dict[str, Any]:
        try:
            found = json.loads((self.folder / "index.json").read_bytes())
        except FileNotFoundError:
            return {"schemaVersion": 2, "mediaType": INDEX, "manifests": []}
        except (OSError, ValueError, RecursionError):
            found = None
        entries = found.get("manifests") if isinstance(found, dict) else None
        if not isinstance(entries, list) or not all(map(_is_entry, entries)):
            hint = "Nothing was changed. Move the folder away, or name another"
            raise StoreError(Problem(str(self.folder / "index.json"), "is not an OCI index", hint, "place-broken"))
        return dict(found)

    def _path(self, digest: str) -> Path:
        if not DIGEST.fullmatch(digest):
            raise StoreError(
                Problem(str(self.folder), f"names {digest!r}, which is no digest", LAY_AGAIN, "place-broken")
            )
        return self.blobs / digest.removeprefix("sha256:")

    def _config_of(self, manifest: str) -> str | None:
        """The config that a manifest names; None when the manifest is not there, so that it can be mended."""
        try:
            return config_of(self._path(manifest).read_bytes())
        except FileNotFoundError:
            return None

    def _is_whole(self, manifest: str) -> bool:
        try:
            named = parsed(self._path(manifest).read_bytes())
            digests = [part["digest"] for part in (named["config"], *named["layers"])]
        except (ValueError, LookupError, TypeError):  # it is not what its digest says, and is laid down again
            return False
        return all(isinstance(digest, str) and self._holds(digest) for digest in (*digests, manifest))

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


def _is_entry(entry: Any) -> bool:
    if not isinstance(entry, dict) or not isinstance(entry.get("digest"), str):
        return False
    return isinstance(entry.get("annotations") or {}, dict)


def _tag(entry: dict[str, Any]) -> str | None:
    name = (entry.get("annotations") or {}).get(REF_NAME)
    return str(name) if name is not None else None
