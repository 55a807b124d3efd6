"""The config of an image: how it starts, and the layers that it is made of."""

from collections.abc import Mapping
from dataclasses import dataclass

from build.oci.json_documents import dump
from model.files import JSON


@dataclass(frozen=True)
class ImageConfig:
    """As its author wrote it, keys of other tools included (OCI image specification 1.1, "image configuration")."""

    document: Mapping[str, JSON]

    @property
    def data(self) -> bytes:
        return dump(self.document)

    def updated(self, changes: Mapping[str, JSON]) -> "ImageConfig":
        """The same with other values for some keys."""
        return ImageConfig({**self.document, **changes})

    @property
    def platform(self) -> tuple[JSON, JSON]:
        """Operating system and architecture."""
        return self.document.get("os"), self.document.get("architecture")

    @property
    def run(self) -> dict[str, JSON]:
        """What an engine starts; empty where the author left it out."""
        return _object(self.document.get("config"))

    @property
    def labels(self) -> dict[str, str]:
        return {name: str(value) for name, value in _object(self.run.get("Labels")).items()}

    @property
    def environment(self) -> list[str]:
        """NAME=value."""
        return [str(pair) for pair in _list(self.run.get("Env"))]

    @property
    def history(self) -> list[JSON]:
        return _list(self.document.get("history"))

    @property
    def diff_ids(self) -> list[JSON]:
        """Digests of the uncompressed layers, from the lowest."""
        return _list(_object(self.document.get("rootfs")).get("diff_ids"))


def _object(value: JSON) -> dict[str, JSON]:
    return dict(value) if isinstance(value, dict) else {}


def _list(value: JSON) -> list[JSON]:
    return list(value) if isinstance(value, list) else []
