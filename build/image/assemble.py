"""The assembler: a server base and one model layer become an image, with no daemon and no clock."""

import contextlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from build.gate.copy import BUNDLE, VERDICT, Copied, copy
from build.gate.gate import VerifiedBundle, verify_or_raise
from build.image.attest.provenance import MEDIA_TYPE as STATEMENT
from build.image.attest.provenance import provenance, smoke_test
from build.image.attest.sbom import bill
from build.image.attest.signature import MEDIA_TYPE, check, is_by, refuse_unfit_keys, sign
from build.image.base.base import XGBOOST, Base, BaseError, Report
from build.image.base.resolve import server_base
from build.image.build_tag import build_tag
from build.image.smoke_test.smoke_test import EARLIER, UNSEALED, Way, seal
from build.oci.image import DOCKER_LAYER, LAYER, Image, digest_of, dump
from build.oci.layer import Layer, TarEntry, write_layer
from build.oci.layout import Layout
from build.oci.open_store import open_store
from build.oci.publish import publish
from build.oci.referrers import MOST_BYTES, content
from build.oci.store import Attachment, ImageStore, PushedImage
from build.oci.tempdir import refusing_without_room, scratch
from build.release.releases import MODEL
from model.bundle.bundle import FILES, Bundle, Manifest, load
from model.errors import KamadoError, Problem

HOME = "/opt/kamado"
USER = "65532"
PORT = "8080/tcp"
COMMAND = ["python3", "-m", "serving.server"]
ENVIRONMENT = {"KAMADO_BUNDLE": f"{HOME}/bundle", "KAMADO_HOST": "0.0.0.0"}
START = {"Cmd": COMMAND, "User": USER, "WorkingDir": HOME}


@dataclass(frozen=True)
class BuildRequest:
    """What is asked for: `base` is a reference, or None for the best that this machine can make (`server_base`);
    `commit` is the git commit of this code, where it is known; `key` signs bundle and verdict; `required` is the public
    key that must have signed them."""

    to: str
    base: str | None
    cache: Path
    seal: Way = "auto"
    commit: str | None = None
    key: Path | None = None
    required: Path | None = None


def build(bundle: Path, verdict: Path, order: BuildRequest, *, report: Report = print) -> dict[str, Any]:
    """Verify, assemble, seal, publish; returns what image.json says.

    Raises BundleError, before anything is written, when the gate finds a problem; SignatureError when it is not
    signed as it must be; BaseError when the base cannot be had; SmokeTestError when the image does not answer as it
    should; StoreError and RegistryError when the place cannot take it; OutputError without room to work in.
    """
    place = open_store(order.to, cache=order.cache)
    with refusing_without_room(), scratch() as folder:
        copied = copy(bundle, verdict, folder / "model")
        sound = verify_or_raise(copied.bundle, copied.verdict, known=copied.problems)
        report(f"gate passed: bundle {sound.digest}")
        # A key that does not fit is told before anything is sent.
        signed = _signed(copied, order)
        base = server_base(order.base, cache=order.cache, report=report)
        report(f"base {base.name}")
        if base.kind == "none" and not isinstance(place, Layout):
            found = "is none, and an image that cannot start is of no use in a registry"
            raise BaseError(Problem("base", found, "Give a server base as BASE_IMAGE", "base-missing"))
        candidate = prepare(base, copied.folder, sound, folder)
        proof = Proof(place, candidate, sound, base, order, report, signed)
        done = publish(place, candidate.image, candidate.tag, before_tag=proof)
        # A copy by other tools leaves the documents behind, and without its record an image is never released.
        if done.digest == candidate.image.digest and not _is_recorded(place, done.digest, sound):
            place.attach(done.digest, proof(PushedImage(candidate.image)))
        if order.key and not _is_signed(place, done.digest, copied.folder, order.key):
            place.attach(done.digest, signed)
            report(f"signed by {order.key}")
    return {
        "reference": f"{place.name}:{candidate.tag}@{done.digest}",
        "tag": candidate.tag,
        "digest": done.digest,
        "outcome": done.outcome,
        "bundle": sound.digest,
        "verdict_sha256": sound.verdict_sha256,
        "base": {"kind": base.kind, "name": base.name, "digest": base.digest},
        "layer": {"diff_id": candidate.layer.diff_id, "digest": candidate.layer.digest, "size": candidate.layer.size},
        "seal": {"way": proof.seal.way, "answers": proof.seal.answers},
        "attachments": [one.media_type for one in place.referrers(done.digest)],
        "labels": candidate.labels,
    }


@dataclass(frozen=True)
class Candidate:
    """An image that is assembled and nowhere yet."""

    bundle: Bundle
    layer: Layer
    image: Image
    tag: str
    labels: dict[str, str]


def prepare(base: Base, folder: Path, sound: VerifiedBundle, work: Path) -> Candidate:
    """Lay `bundle/` and `verdict.json` in `folder`, which passed the gate and are ours alone, over the base.

    Raises BaseError.
    """
    judged = (folder / VERDICT).read_bytes()
    bundle = load(folder / BUNDLE)
    manifest = bundle.manifest
    _refuse_other_xgboost(base, manifest)
    if MODEL in base.labels:
        found = f"holds a model already: {base.labels[MODEL]!r}"
        raise BaseError(Problem(f"base {base.name}", found, "Take the server base that it was laid on", "base-type"))
    layer = model_layer(work / "layer.tar.gz", folder / BUNDLE, judged, cutoff=manifest.lineage.cutoff)
    digests = {"bundle": sound.digest, "verdict": digest_of(judged), "base": base.digest}
    tag = build_tag(manifest.model, cutoff=manifest.lineage.cutoff, **digests)
    labels = labels_of(manifest, json.loads(judged), sound, base, layer, tag)
    return Candidate(bundle, layer, assemble(base, layer, labels, created=manifest.lineage.cutoff), tag, labels)


class Proof:
    """What happens when every blob is there and the tag is not: the seal, and the documents about the image."""

    def __init__(
        self,
        place: ImageStore,
        candidate: Candidate,
        sound: VerifiedBundle,
        base: Base,
        order: BuildRequest,
        report: Report,
        signed: Sequence[Attachment],
    ) -> None:
        self.place, self.candidate, self.sound, self.base = place, candidate, sound, base
        self.order, self.report, self.signed = order, report, signed
        self.seal = EARLIER

    def __call__(self, staged: PushedImage) -> Sequence[Attachment]:
        with refusing_without_room():  # before the place takes it for trouble of its own
            return self._prove(staged)

    def _prove(self, staged: PushedImage) -> Sequence[Attachment]:
        manifest = self.candidate.bundle.manifest
        if self.base.kind == "none":
            self.seal = UNSEALED
        else:
            self.seal = seal(staged, self.candidate.bundle, way=self.order.seal)
        self.report(f"seal: {self.seal.says}")
        made_of = bill(staged.image, manifest, self.sound.digest, self.base, cache=self.order.cache)
        came_about = provenance(
            self.place.name,
            staged.image,
            manifest,
            sound=self.sound,
            base=self.base,
            seal=self.seal,
            commit=self.order.commit,
        )
        return (made_of, came_about, *self.signed)


def _signed(copied: Copied, order: BuildRequest) -> Sequence[Attachment]:
    """The signature by the order's key, which has to be that of the required key where there is one."""
    refuse_unfit_keys(order.key, order.required)
    if order.key is None:
        return ()
    signed = sign(copied.folder, order.key)
    if order.required is not None:
        check(copied.folder, signed.data, order.required)
    return (signed,)


def _is_recorded(place: ImageStore, digest: str, sound: VerifiedBundle) -> bool:
    """Whether the record of a smoke test of this image with this model lies beside it."""
    for attached in place.referrers(digest):
        if attached.media_type == STATEMENT and attached.size <= MOST_BYTES:
            with contextlib.suppress(KamadoError):  # what cannot be read records nothing
                verdict = str(sound.verdict_sha256)
                if smoke_test(content(attached), image=digest, bundle=sound.digest, verdict_sha256=verdict):
                    return True
    return False


def _is_signed(place: ImageStore, digest: str, folder: Path, key: Path) -> bool:
    """Whether an image that was there already has a signature by this private key."""
    attached = [document for document in place.referrers(digest) if document.media_type == MEDIA_TYPE]
    return any(is_by(folder, content(document), key) for document in attached)


def _refuse_other_xgboost(base: Base, manifest: Manifest) -> None:
    """A base that says which XGBoost it has must have the one of training; XGBoost itself would not notice."""
    trained, serves = manifest.libraries["xgboost"], base.labels.get(XGBOOST)
    if serves not in (None, trained):
        found = f"serves with XGBoost {serves}, the bundle was trained with {trained}"
        hint = "Take the base that was made from the same lock as the training"
        raise BaseError(Problem(f"base {base.name}", found, hint, "library-version"))


def model_layer(path: Path, bundle: Path, verdict: bytes, *, cutoff: str) -> Layer:
    """The one layer of the model: the bundle's files, and the verdict that let them pass beside them."""
    home = HOME[1:]
    entries = [TarEntry(f"{home}/bundle/{name}", data=bundle / name) for name in FILES]
    return write_layer(path, [*entries, TarEntry(f"{home}/{VERDICT}", data=verdict)], mtime=epoch(cutoff))


def assemble(base: Base, layer: Layer, labels: dict[str, str], *, created: str) -> Image:
    """The image of these parts: the same parts, the same bytes."""
    config = {key: value for key, value in base.config.items() if key not in CLASSIC}
    run = dict(config.get("config") or {})
    environment = [pair for pair in run.get("Env") or [] if pair.split("=")[0] not in ENVIRONMENT]
    run |= START | {
        "Env": [*environment, *(f"{name}={value}" for name, value in ENVIRONMENT.items())],
        "ExposedPorts": {PORT: {}},
        "Labels": {**(run.get("Labels") or {}), **labels},
    }
    run.pop("Entrypoint", None)
    step = {"created": created, "created_by": "kamado: the model layer"}
    config |= {
        "config": run,
        "created": created,
        "history": [*config.get("history", []), step],
        "rootfs": {"type": "layers", "diff_ids": [*config["rootfs"]["diff_ids"], layer.diff_id]},
    }
    media_type = DOCKER_LAYER if base.docker else LAYER
    return Image(dump(config), (*base.layers, layer.blob(media_type)), docker=base.docker)


CLASSIC = ("container", "container_config", "id", "parent", "docker_version")  # leftovers of docker's old builder


def labels_of(
    manifest: Manifest, verdict: dict[str, Any], sound: VerifiedBundle, base: Base, layer: Layer, tag: str
) -> dict[str, str]:
    """What people and programs ask an image. Only what follows from content: no path, no host, no wall time."""
    labels = model_labels(manifest, verdict, sound, layer.diff_id) | {
        "org.opencontainers.image.version": tag,
        "kamado.base": "none" if base.kind == "none" else "server",
    }
    if base.kind != "none":
        labels["org.opencontainers.image.base.digest"] = base.digest
    return labels


def model_labels(manifest: Manifest, verdict: dict[str, Any], sound: VerifiedBundle, diff_id: str) -> dict[str, str]:
    """The labels that follow from the model's layer alone: whoever has the layer can compare them."""
    metrics = {name: round(float(value), 6) for name, value in verdict["metrics"].items()}
    return {
        "org.opencontainers.image.title": manifest.model,
        "org.opencontainers.image.created": manifest.lineage.cutoff,
        MODEL: manifest.model,
        "kamado.bundle": sound.digest,
        "kamado.verdict.sha256": str(sound.verdict_sha256),
        "kamado.spec.sha256": manifest.lineage.spec_sha256,
        "kamado.sql.sha256": manifest.lineage.sql_sha256,
        "kamado.data.sha256": manifest.lineage.data_sha256,
        "kamado.data.cutoff": manifest.lineage.cutoff,
        "kamado.layer.diff_id": diff_id,
        "kamado.xgboost": manifest.libraries["xgboost"],
        "kamado.metrics": dump(metrics).decode(),
    }


def epoch(moment: str) -> int:
    """Seconds since 1970 of an ISO moment in UTC."""
    return int(datetime.fromisoformat(moment).astimezone(UTC).timestamp())
