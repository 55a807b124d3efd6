"""`image.json` of the step build_image: the image that was published, and everything it was made of."""

from typing import ClassVar, Literal

from artifacts.document import Document, Section


class ImageBase(Section):
    """The server base under the model's layer; `kind` is "none" for an image that holds the model alone."""

    kind: Literal["registry", "oci", "debian", "none"]
    name: str
    digest: str


class ImageLayer(Section):
    """The model's layer: sha256 of the uncompressed archive, and sha256 and bytes of what is pulled."""

    diff_id: str
    digest: str
    size: int


class ImageSmokeTest(Section):
    """How the image was tested before its tag was written, and how many answers were right."""

    way: Literal["engine", "process", "none", "earlier"]
    answers: int


class ImageDocument(Document):
    """An image in its store. `reference` is STORE:TAG@DIGEST; `outcome` "unchanged" means that it was there before."""

    FILE: ClassVar[str] = "image.json"
    STEP: ClassVar[str] = "build_image"

    format: Literal[1] = 1
    reference: str
    tag: str
    digest: str
    outcome: Literal["written", "unchanged"]
    bundle: str
    verdict_sha256: str | None
    base: ImageBase
    layer: ImageLayer
    smoke_test: ImageSmokeTest
    attachments: tuple[str, ...]
    labels: dict[str, str]
