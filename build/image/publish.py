"""Publish a candidate: its blobs, then the smoke test and the documents about it, then the tag."""

import contextlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from build.image.assemble import AssembledImage
from build.image.attest.provenance import MEDIA_TYPE as STATEMENT
from build.image.attest.provenance import provenance, read_smoke_test
from build.image.attest.signature import MEDIA_TYPE as SIGNATURE
from build.image.attest.signature import is_by
from build.image.base.base import ReportMessage
from build.image.request import BuildRequest
from build.image.smoke_test.smoke_test import EARLIER, NO_SERVER, SmokeTestResult, run_smoke_test
from build.oci.publish import Published, publish
from build.oci.referrers import MOST_BYTES, content
from build.oci.store import Attachment, ImageStore, PushedImage
from build.oci.tempdir import refusing_without_room
from model.errors import KamadoError


@dataclass
class Publication:
    """One candidate on its way into a store. `smoke_test` is the result once it has run; see `publish`."""

    store: ImageStore
    candidate: AssembledImage
    request: BuildRequest
    signatures: Sequence[Attachment]
    report: ReportMessage
    smoke_test: SmokeTestResult = EARLIER

    def publish(self, folder: Path) -> Published:
        """`folder` holds the bundle and verdict that were signed.

        Raises SmokeTestError, and then there is no tag; StoreError when the store cannot take it.
        """
        store, image = self.store, self.candidate.image
        published = publish(store, image, self.candidate.tag, before_tag=self.before_tag)
        # A copy by other tools leaves the documents behind, and an image without the record is never released.
        if published.digest == image.digest and not self._is_recorded():
            store.attach(published.digest, self.before_tag(PushedImage(image)))
        key = self.request.key
        if key is not None and not self._is_signed(published.digest, folder, key):
            store.attach(published.digest, self.signatures)
            self.report(f"signed by {key}")
        return published

    def before_tag(self, staged: PushedImage) -> Sequence[Attachment]:
        """The smoke test of what lies in the store, and the documents to attach. Raises SmokeTestError."""
        from build.image.attest.sbom import sbom  # 0.1 s, which an image that is in the store already does without

        with refusing_without_room():  # before the store reports it as a fault of its own
            if self.candidate.base.kind == "none":
                self.smoke_test = NO_SERVER
            else:
                self.smoke_test = run_smoke_test(staged, self.candidate.bundle, way=self.request.smoke_test)
            self.report(f"smoke test: {self.smoke_test.message}")
            materials = sbom(self.candidate, cache=self.request.cache)
            statement = provenance(
                self.store.name, self.candidate, smoke_test=self.smoke_test, commit=self.request.commit
            )
            return (materials, statement, *self.signatures)

    def _is_recorded(self) -> bool:
        """Whether a record of a smoke test of this image with this model is attached to it."""
        verified, digest = self.candidate.verified, self.candidate.image.digest
        for attachment in self.store.referrers(digest):
            if attachment.media_type == STATEMENT and attachment.size <= MOST_BYTES:
                with contextlib.suppress(KamadoError):  # what cannot be read records nothing
                    sha256 = str(verified.verdict_sha256)
                    if read_smoke_test(
                        content(attachment), image=digest, bundle=verified.digest, verdict_sha256=sha256
                    ):
                        return True
        return False

    def _is_signed(self, digest: str, folder: Path, key: Path) -> bool:
        """Whether the published image has a signature by this private key."""
        signatures = [blob for blob in self.store.referrers(digest) if blob.media_type == SIGNATURE]
        return any(is_by(folder, content(blob), key) for blob in signatures)
