"""A server base and one model layer become an image, without a daemon and without a clock."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from build.gate.copy import BUNDLE, VERDICT
from build.gate.gate import VerifiedBundle
from build.image.base.base import XGBOOST, Base, BaseError
from build.image.build_tag import build_tag
from build.image.labels import MODEL, image_labels, model_labels
from build.image.model_layer import ENVIRONMENT, PORT, START, model_layer
from build.oci.image import DOCKER_LAYER, LAYER, Image, digest_of
from build.oci.image_config import ImageConfig
from build.oci.layer import Layer
from model.bundle.bundle import Bundle, load
from model.bundle.manifest import BundleManifest
from model.errors import Problem
from model.files import JSON

CLASSIC = ("container", "container_config", "id", "parent", "docker_version")  # leftovers of docker's old builder


@dataclass(frozen=True)
class AssembledImage:
    """An image that is assembled and not yet in a store, with everything that it was made of."""

    base: Base
    bundle: Bundle
    verified: VerifiedBundle
    layer: Layer
    image: Image
    tag: str
    labels: dict[str, str]

    @property
    def manifest(self) -> BundleManifest:
        return self.bundle.manifest


def prepare(base: Base, folder: Path, verified: VerifiedBundle, work: Path) -> AssembledImage:
    """Lay `bundle/` and `verdict.json` of `folder`, a private copy that passed the gate, over the base.

    The layer is written into `work`. Raises BaseError for a base that cannot take this model.
    """
    verdict = (folder / VERDICT).read_bytes()
    bundle = load(folder / BUNDLE)
    manifest, cutoff = bundle.manifest, bundle.manifest.lineage.cutoff
    _refuse_unfit_base(base, manifest)
    layer = model_layer(work / "layer.tar.gz", folder / BUNDLE, verdict, cutoff=cutoff)
    digests = {"bundle": verified.digest, "verdict": digest_of(verdict), "base": base.digest}
    tag = build_tag(manifest.model, cutoff=cutoff, **digests)
    of_model = model_labels(manifest, json.loads(verdict)["metrics"], verified, layer.diff_id)
    labels = image_labels(of_model, base, tag)
    image = assemble(base, layer, labels, created=cutoff)
    return AssembledImage(base, bundle, verified, layer, image, tag, labels)


def assemble(base: Base, layer: Layer, labels: Mapping[str, str], *, created: str) -> Image:
    """The image of these parts: the same parts give the same bytes."""
    environment = [pair for pair in base.config.environment if pair.split("=")[0] not in ENVIRONMENT]
    run: dict[str, JSON] = {
        **{key: value for key, value in base.config.run.items() if key != "Entrypoint"},
        **START,
        "Env": [*environment, *(f"{name}={value}" for name, value in ENVIRONMENT.items())],
        "ExposedPorts": {PORT: {}},
        "Labels": {**base.labels, **labels},
    }
    step: dict[str, JSON] = {"created": created, "created_by": "kamado: the model layer"}
    config = ImageConfig({key: value for key, value in base.config.document.items() if key not in CLASSIC}).updated(
        {
            "config": run,
            "created": created,
            "history": [*base.config.history, step],
            "rootfs": {"type": "layers", "diff_ids": [*base.config.diff_ids, layer.diff_id]},
        }
    )
    media_type = DOCKER_LAYER if base.docker else LAYER
    return Image(config.data, (*base.layers, layer.blob(media_type)), docker=base.docker)


def _refuse_unfit_base(base: Base, manifest: BundleManifest) -> None:
    """A base with an XGBoost version of its own must have that of training: XGBoost itself does not compare them."""
    trained, serves = manifest.libraries["xgboost"], base.labels.get(XGBOOST)
    if serves not in (None, trained):
        problem = f"serves with XGBoost {serves}, the bundle was trained with {trained}"
        hint = "Take the base that was made from the same lock as the training"
        raise BaseError(Problem(f"base {base.name}", problem, hint, "library-version"))
    if MODEL in base.labels:
        problem = f"holds a model already: {base.labels[MODEL]!r}"
        raise BaseError(Problem(f"base {base.name}", problem, "Take the server base under that model", "base-type"))
