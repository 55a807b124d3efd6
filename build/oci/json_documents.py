"""The JSON documents of the OCI image specification 1.1: descriptors, and the manifests and indexes made of them."""

import json
import re
from collections.abc import Iterable
from typing import Annotated, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from pydantic.alias_generators import to_camel

from model.digest import Digest


def dump(value: object) -> bytes:
    """One byte sequence per value: sorted and compact."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), allow_nan=False).encode()


def _words(name: str) -> str:
    """ImageManifest -> image manifest."""
    return re.sub(r"\B[A-Z]", r" \g<0>", name).lower()


class OciDocument(BaseModel):
    """Fields of other tools are kept: what is read and written again loses nothing."""

    model_config = ConfigDict(frozen=True, strict=True, extra="allow", alias_generator=to_camel, populate_by_name=True)

    @classmethod
    def parse(cls, data: bytes) -> Self:
        """Raises ValueError for what is not this document; `data` may be anything."""
        try:
            return cls.model_validate_json(data)
        except ValidationError as error:
            fault = error.errors(include_url=False, include_input=False)[0]
            path = ".".join(map(str, fault["loc"]))
            raise ValueError(f"is not a valid {_words(cls.__name__)} ({path}: {fault['msg']})") from None

    def encode(self) -> bytes:
        """The same bytes for the same document. A field that was not set is not written."""
        return dump(self.model_dump(by_alias=True, exclude_unset=True))


class Platform(OciDocument):
    os: str | None = None
    architecture: str | None = None


class Descriptor(OciDocument):
    """Names content by type, digest and size in bytes; in an index also by annotations and platform."""

    media_type: str
    digest: Digest
    size: Annotated[int, Field(ge=0)]
    artifact_type: str | None = None
    annotations: dict[str, str] | None = None
    platform: Platform | None = None


class ImageManifest(OciDocument):
    """Of an image, or of a document about one: then `subject` names the image."""

    schema_version: int = 2
    media_type: str | None = None
    artifact_type: str | None = None
    config: Descriptor
    layers: tuple[Descriptor, ...]
    subject: Descriptor | None = None


class Index(OciDocument):
    """A list of manifests: images for several platforms, the images of a folder, or the referrers of an image."""

    schema_version: int = 2
    media_type: str | None = None
    manifests: tuple[Descriptor, ...]

    def replaced(self, manifests: Iterable[Descriptor]) -> Self:
        """The same index with other manifests."""
        return self.model_copy(update={"manifests": tuple(manifests)})
