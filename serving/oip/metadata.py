"""What the protocol's clients learn of the server and of its model."""

from model.bundle.features import CategoryFeature
from model.bundle.manifest import BundleManifest
from model.version import version
from serving.oip.binary import EXTENSION
from serving.oip.outputs import output_metadata
from serving.oip.tensor import TEXT_TYPE
from serving.oip.types import ModelMetadata, ServerMetadata, TensorMetadata

SERVER = "kamado"
PLATFORM = "kamado_bundle"  # <project>_<format>


def server_metadata() -> ServerMetadata:
    return ServerMetadata(name=SERVER, version=version(), extensions=[EXTENSION])


def input_metadata(manifest: BundleManifest) -> list[TensorMetadata]:
    return [
        TensorMetadata(
            name=feature.name, datatype=TEXT_TYPE if isinstance(feature, CategoryFeature) else "FP64", shape=[-1]
        )
        for feature in manifest.inputs
    ]


def model_metadata(manifest: BundleManifest, digest: str) -> ModelMetadata:
    return ModelMetadata(
        name=manifest.model,
        versions=[digest],
        platform=PLATFORM,
        inputs=input_metadata(manifest),
        outputs=output_metadata(),
    )
