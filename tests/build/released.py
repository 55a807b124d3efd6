"""Images of the sound bundle as `build` makes them, on a base of nothing, so that they cost no seconds."""

from pathlib import Path

from build.gate.copy import copy
from build.gate.gate import VerifiedBundle, verify_or_raise
from build.image.assemble import Candidate, prepare
from build.image.attest.provenance import provenance
from build.image.base.base import Base, empty_config
from build.image.smoke_test.smoke_test import UNSEALED, Seal
from build.oci.image import Image
from build.oci.publish import publish
from build.oci.store import Attachment, ImageStore, PushedImage

BASE = Base("none", "none", "sha256:" + "1" * 64, empty_config())


def assembled(base: Base, bundle: Path, verdict: Path, work: Path, sound: VerifiedBundle | None = None) -> Candidate:
    """Copied, verified and laid over the base; `sound` where it was verified before."""
    copied = copy(bundle, verdict, work / "model")
    return prepare(base, copied.folder, sound or verify_or_raise(copied.bundle, copied.verdict), work)


def published(
    store: ImageStore, candidate: Candidate, *, image: Image | None = None, tag: str = "", seal: Seal = UNSEALED
) -> None:
    """Published with the record of its smoke test; `image` and `tag` are others than the candidate's for forgeries."""
    sound = VerifiedBundle(candidate.labels["kamado.bundle"], candidate.labels["kamado.verdict.sha256"])

    def prove(staged: PushedImage) -> list[Attachment]:
        manifest = candidate.bundle.manifest
        return [provenance(store.name, staged.image, manifest, sound=sound, base=BASE, seal=seal, commit=None)]

    publish(store, image or candidate.image, tag or candidate.tag, before_tag=prove)
