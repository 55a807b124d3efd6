"""Images of the sound bundle as `build` makes them, on a base of nothing, so that they cost no seconds."""

from pathlib import Path

from build import oci
from build.attest.provenance import provenance
from build.base.ground import Base, empty_config
from build.copy import copy
from build.gate import Sound, refuse_unless_sound
from build.image import Candidate, prepare
from build.publish import Attachment, Publisher, Staged
from build.seal.seal import UNSEALED, Seal

BASE = Base("none", "none", "sha256:" + "1" * 64, empty_config())


def assembled(base: Base, bundle: Path, verdict: Path, work: Path, sound: Sound | None = None) -> Candidate:
    """Copied, verified and laid over the base; `sound` where it was verified before."""
    copied = copy(bundle, verdict, work / "model")
    return prepare(base, copied.folder, sound or refuse_unless_sound(copied.bundle, copied.verdict), work)


def published(
    place: Publisher, candidate: Candidate, *, image: oci.Image | None = None, tag: str = "", seal: Seal = UNSEALED
) -> None:
    """Published with the record of its smoke test; `image` and `tag` are others than the candidate's for forgeries."""
    sound = Sound(candidate.labels["kamado.bundle"], candidate.labels["kamado.verdict.sha256"])

    def prove(staged: Staged) -> list[Attachment]:
        manifest = candidate.bundle.manifest
        return [provenance(place.name, staged.image, manifest, sound=sound, base=BASE, seal=seal, commit=None)]

    place.publish(image or candidate.image, tag or candidate.tag, prove=prove)
