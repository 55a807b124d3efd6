"""From a bundle and its verdict to an image in a store: gate, signature, base, assembly, smoke test, tag."""

from collections.abc import Sequence
from pathlib import Path

from artifacts.image import ImageBase, ImageDocument, ImageLayer, ImageSmokeTest
from build.gate.copy import Copied, copy
from build.gate.gate import verify_or_raise
from build.image.assemble import prepare
from build.image.attest.signature import check, refuse_unfit_keys, sign
from build.image.base.base import Base, BaseError, ReportMessage
from build.image.base.resolve import server_base
from build.image.publish import Publication
from build.image.request import BuildRequest
from build.oci.layout import Layout
from build.oci.open_store import open_store
from build.oci.publish import Published
from build.oci.store import Attachment, ImageStore
from build.oci.tempdir import refusing_without_room, scratch
from model.errors import Problem


def build(bundle: Path, verdict: Path, request: BuildRequest, *, report: ReportMessage = print) -> ImageDocument:
    """Verify, assemble, test and publish.

    Raises BundleError, before anything is written, when the gate finds a problem; SignatureError when bundle and
    verdict cannot be signed as required; BaseError when there is no such base; SmokeTestError when the image gives
    wrong answers; StoreError and RegistryError when the store cannot take it; OutputError without room to work in.
    """
    store = open_store(request.to, cache=request.cache)
    with refusing_without_room(), scratch() as work:
        copied = copy(bundle, verdict, work / "model")
        verified = verify_or_raise(copied.bundle, copied.verdict, known=copied.problems)
        report(f"gate passed: bundle {verified.digest}")
        signatures = _sign(copied, request)  # before anything is sent, so that an unfit key costs nothing
        base = server_base(request.base, cache=request.cache, report=report)
        report(f"base {base.name}")
        _refuse_no_server(base, store)
        candidate = prepare(base, copied.folder, verified, work)
        publication = Publication(store, candidate, request, signatures, report)
        published = publication.publish(copied.folder)
    return _document(publication, published)


def _sign(copied: Copied, request: BuildRequest) -> Sequence[Attachment]:
    """The signature by the key of the request, which belongs to the required key where there is one."""
    refuse_unfit_keys(request.key, request.required)
    if request.key is None:
        return ()
    signature = sign(copied.folder, request.key)
    if request.required is not None:
        check(copied.folder, signature.data, request.required)
    return (signature,)


def _refuse_no_server(base: Base, store: ImageStore) -> None:
    if base.kind == "none" and not isinstance(store, Layout):
        problem = "is none, and an image that cannot start is of no use in a registry"
        raise BaseError(Problem("base", problem, "Give a server base as BASE_IMAGE", "base-missing"))


def _document(publication: Publication, published: Published) -> ImageDocument:
    candidate, result = publication.candidate, publication.smoke_test
    base, layer = candidate.base, candidate.layer
    return ImageDocument(
        reference=f"{publication.store.name}:{candidate.tag}@{published.digest}",
        tag=candidate.tag,
        digest=published.digest,
        outcome=published.outcome,
        bundle=candidate.verified.digest,
        verdict_sha256=candidate.verified.verdict_sha256,
        base=ImageBase(kind=base.kind, name=base.name, digest=base.digest),
        layer=ImageLayer(diff_id=layer.diff_id, digest=layer.digest, size=layer.size),
        smoke_test=ImageSmokeTest(way=result.way, answers=result.answers),
        attachments=tuple(blob.media_type for blob in publication.store.referrers(published.digest)),
        labels=candidate.labels,
    )
