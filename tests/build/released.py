"""Images of the valid bundle as `build` makes them, on an empty base, so that they cost no seconds."""

from dataclasses import replace
from pathlib import Path

from build.gate.copy import copy
from build.gate.gate import VerifiedBundle, verify_or_raise
from build.image.assemble import AssembledImage, prepare
from build.image.attest.provenance import provenance
from build.image.base.base import Base, empty_config
from build.image.smoke_test.smoke_test import NO_SERVER, SmokeTestResult
from build.oci.image import Image
from build.oci.publish import publish
from build.oci.store import Attachment, ImageStore, PushedImage

BASE = Base("none", "none", "sha256:" + "1" * 64, empty_config())


def assembled(
    base: Base, bundle: Path, verdict: Path, work: Path, verified: VerifiedBundle | None = None
) -> AssembledImage:
    """Copied, verified and laid over the base; `verified` where that was done before."""
    copied = copy(bundle, verdict, work / "model")
    return prepare(base, copied.folder, verified or verify_or_raise(copied.bundle, copied.verdict), work)


def published(
    store: ImageStore,
    candidate: AssembledImage,
    *,
    image: Image | None = None,
    tag: str = "",
    smoke_test: SmokeTestResult = NO_SERVER,
) -> None:
    """Published with the record of its smoke test; `image` and `tag` replace the candidate's for forgeries."""

    def before_tag(staged: PushedImage) -> list[Attachment]:
        staged_candidate = replace(candidate, image=staged.image, base=BASE)
        return [provenance(store.name, staged_candidate, smoke_test=smoke_test, commit=None)]

    publish(store, image or candidate.image, tag or candidate.tag, before_tag=before_tag)
