"""How an image starts, by its own config: the part that an engine reads, and the labels."""

from dataclasses import dataclass

from build.oci.image import config_of, digest_of, parsed
from build.oci.json_documents import ImageManifest
from build.oci.store import ImageReader, StoreError
from model.errors import Problem

MOST_BYTES = 8 << 20  # of an image's config


@dataclass(frozen=True)
class ImageStart:
    """Values are as they are written: an image may be anybody's. Without a config all are empty."""

    labels: dict[str, str]
    environment: tuple[str, ...] = ()
    entrypoint: object = None
    command: object = None
    user: object = None
    working_dir: object = None


def start_of(images: ImageReader, digest: str) -> ImageStart:
    """Of what is not an image all values are empty. Raises StoreError for a config with another digest."""
    config = config_of(images.manifest(digest))
    if config is None:
        return ImageStart({})
    with images.blob(config) as file:
        data = file.read(MOST_BYTES)
    if digest_of(data) != config:
        problem = f"sends {digest_of(data)} for {config}"
        raise StoreError(Problem(images.name, problem, "Publish the image again", "blob-digest"))
    try:
        start = parsed(data).get("config")
    except ValueError:
        start = None
    if not isinstance(start, dict):
        return ImageStart({})
    labels, environment = start.get("Labels"), start.get("Env")
    return ImageStart(
        {str(name): str(value) for name, value in labels.items()} if isinstance(labels, dict) else {},
        tuple(map(str, environment)) if isinstance(environment, list) else (),
        start.get("Entrypoint"),
        start.get("Cmd"),
        start.get("User"),
        start.get("WorkingDir"),
    )


def labels_of(images: ImageReader, digest: str) -> dict[str, str]:
    """An image's own. What is a list of images, or not an image at all, has none."""
    return start_of(images, digest).labels


def layers_of(images: ImageReader, digest: str) -> list[str]:
    """The digests of an image's layers, from the lowest; none of what is not an image."""
    try:
        return [layer.digest for layer in ImageManifest.parse(images.manifest(digest)).layers]
    except ValueError:
        return []
