"""A base in an OCI layout folder: `oci:FOLDER`, `oci:FOLDER:TAG` or `oci:FOLDER@sha256:…`."""

import json
from pathlib import Path
from typing import BinaryIO, Literal

from build.image.base.base import Base, BaseError
from build.image.base.manifest import read_base
from build.oci.layout import REF_NAME
from model.errors import Problem


class Folder:
    """A Source. Digests are compared by those who read the blobs."""

    kind: Literal["registry", "oci"] = "oci"
    origin: str | None = None

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.name = f"oci:{folder}"

    def resolve(self, tag: str | None) -> str:
        """The digest under a tag, or that of the only image."""
        index = json.loads((self.folder / "index.json").read_bytes())
        tags = {entry.get("annotations", {}).get(REF_NAME): str(entry["digest"]) for entry in index["manifests"]}
        if tag is None and len(index["manifests"]) == 1:
            return next(iter(tags.values()))
        if tag not in tags or tag is None:
            held = ", ".join(sorted(str(name) for name in tags)) or "none"
            raise BaseError(Problem(self.name, f"has no image {tag!r}", f"It holds: {held}", "base-missing"))
        return tags[tag]

    def manifest(self, reference: str) -> bytes:
        with self.blob(reference) as file:
            return file.read()

    def blob(self, digest: str) -> BinaryIO:
        return (self.folder / "blobs" / "sha256" / digest.removeprefix("sha256:")).open("rb")


def folder_base(reference: str) -> Base:
    """`reference` is what follows `oci:`. Raises BaseError."""
    path, _, digest = reference.partition("@")
    folder, tag = Path(path), None
    if not digest and not folder.is_dir():
        path, _, tag = path.rpartition(":")
        folder = Path(path)
    source = Folder(folder)
    try:
        return read_base(source, digest or source.resolve(tag))
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        found = f"cannot be read as an OCI layout ({type(error).__name__}: {error})"
        raise BaseError(Problem(f"base oci:{reference}", found, "Use oci:FOLDER:TAG", "base-missing")) from error
