"""An image as what it says it is: what is released, and what is fetched, is verified by this one look.

Nothing is taken from labels that can be taken from content: the layer is brought here, bundle and verdict go through
the gate, and every label that follows from them is compared. A record of the smoke test that the image passed has to
lie beside it, and a signature over bundle and verdict where a key is required.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from build.gate.copy import BUNDLE, VERDICT
from build.gate.gate import VerifiedBundle, verified
from build.image.attest import provenance, signature
from build.image.attest.sbom import MEDIA_TYPE as SBOM
from build.image.attest.signature import check_any
from build.image.labels import model_labels
from build.image.model_layer import ENVIRONMENT, START
from build.oci.image import parsed
from build.oci.referrers import MOST_BYTES, content
from build.oci.store import ImageReader
from build.release.image_start import ImageStart, start_of
from build.release.model_layer import HINT, unpack
from build.release.releases import Release, ReleaseError
from model.bundle.folder import MANIFEST
from model.bundle.manifest import BundleManifest
from model.errors import BundleError, KamadoError, Problem

# The gate of a builder asks for the XGBoost that will serve. A model in service may be of the one before, and brings
# its own; whoever compares with it, or goes back to it, must be able to have it. A wrong checksum is never that.
OLDER = ("library-version", "booster-version", "booster-resave")
DOCUMENTS = {
    SBOM: "sbom.cdx.json",
    provenance.MEDIA_TYPE: "provenance.intoto.json",
    signature.MEDIA_TYPE: "signature.sigstore.json",
}
MOST_DOCUMENTS = 20  # of one kind
UNREADABLE = ("blob-digest", "store-broken", "registry-answer")  # other refusals may be another answer tomorrow
Documents = dict[str, list[bytes]]


@dataclass(frozen=True)
class VerifiedImage:
    """What was verified: its digests, and the documents beside the image by media type."""

    bundle: VerifiedBundle
    documents: Documents


def verify_image(
    images: ImageReader, image: Release, folder: Path, *, keys: Sequence[Path], report: Callable[[str], None]
) -> VerifiedImage:
    """Bring bundle and verdict of the image into `folder`, which is empty, and verify all that can be.

    Raises BundleError when layer, bundle, verdict and labels disagree or something else would start, ReleaseError
    without a record of the smoke test, SignatureError when the owner of one of the (public) `keys` has not signed,
    and what the store raises.
    """
    diff_id = unpack(images, image.digest, folder)
    bundle = _verified_bundle(folder, report)
    _compare_labels(image, folder, bundle, diff_id)
    _refuse_other_start(start_of(images, image.digest))
    documents = _documents(images, image.digest, report)
    _refuse_untested(image, bundle, documents[provenance.MEDIA_TYPE])
    for key in keys:
        check_any(folder, documents[signature.MEDIA_TYPE], key, image=image.tag)
    return VerifiedImage(bundle, documents)


def _verified_bundle(folder: Path, report: Callable[[str], None]) -> VerifiedBundle:
    bundle, problems = verified(folder / BUNDLE, folder / VERDICT)
    if broken := [problem for problem in problems if problem.code not in OLDER]:
        raise BundleError(*broken)
    for problem in problems:
        report(f"older than this Kamado: {problem.where}: {problem.problem}")
    assert bundle is not None  # a check that did not come to its end is a problem
    return bundle


def _compare_labels(image: Release, folder: Path, bundle: VerifiedBundle, diff_id: str) -> None:
    manifest = BundleManifest.model_validate_json((folder / BUNDLE / MANIFEST).read_bytes())
    expected = model_labels(manifest, parsed((folder / VERDICT).read_bytes())["metrics"], bundle, diff_id)
    problems = [
        Problem(
            f"label {name}", f"is {image.labels.get(name)!r:.200}, the layer says {value:.200}", HINT, "image-labels"
        )
        for name, value in expected.items()
        if image.labels.get(name) != value
    ]
    if problems:
        raise BundleError(*problems)


def _refuse_other_start(start: ImageStart) -> None:
    """An image that starts something else, or from another folder, does not serve what was verified."""
    expected: dict[str, object] = {**START, "Entrypoint": None}
    actual: dict[str, object] = {
        "Cmd": start.command or None,
        "User": start.user or None,
        "WorkingDir": start.working_dir or None,
        "Entrypoint": start.entrypoint or None,
    }
    for name, value in ENVIRONMENT.items():
        expected[f"Env {name}"] = [f"{name}={value}"]
        actual[f"Env {name}"] = [pair for pair in start.environment if pair.partition("=")[0] == name]
    problems = [
        Problem(f"config {name}", f"is {actual[name]!r:.200}, not {value!r}", HINT, "image-start")
        for name, value in expected.items()
        if actual[name] != value
    ]
    if problems:
        raise BundleError(*problems)


def _documents(images: ImageReader, digest: str, report: Callable[[str], None]) -> Documents:
    """What is attached to the image, of the kinds that we know.

    Whoever may write to a store may tie more to an image. What cannot be read proves nothing, and keeps nothing else
    from doing so.
    """
    documents: Documents = {media_type: [] for media_type in DOCUMENTS}
    for attached in images.referrers(digest):
        read = documents.get(attached.media_type)
        if read is None or attached.size > MOST_BYTES or len(read) == MOST_DOCUMENTS:
            continue
        try:
            read.append(content(attached))
        except KamadoError as refusal:
            if refusal.problems[0].code not in UNREADABLE:
                raise
            report(f"left out: {refusal.problems[0]}")
    return documents


def _refuse_untested(image: Release, bundle: VerifiedBundle, statements: Sequence[bytes]) -> None:
    """One record that is of this image and this model is enough: whoever may write to a store may add more."""
    for statement in statements:
        record = provenance.read_smoke_test(
            statement, image=image.digest, bundle=bundle.digest, verdict_sha256=str(bundle.verdict_sha256)
        )
        if record is not None and (record.way == "none") == (image.labels.get("kamado.base") == "none"):
            return
    problem = "has no record of a smoke test of this image with this model beside it"
    raise ReleaseError(Problem(f"image {image.tag}", problem, "Build it again", "image-untested"))
