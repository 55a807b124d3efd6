"""A small image of a server, and what a base of it holds."""

from build.image.base.base import architecture
from build.oci.image import Image
from build.oci.json_documents import dump
from tests.contracts.image_store import blob


def server(machine: str = "", *, config: dict | None = None) -> Image:
    layers = (blob(b"debian"), blob(b"libraries"))
    document = {
        "architecture": machine or architecture(),
        "os": "linux",
        "config": config or {},
        "rootfs": {"type": "layers", "diff_ids": [layer.digest for layer in layers]},
    }
    return Image(dump(document), layers)


def contents(base) -> list[bytes]:
    layers = []
    for layer in base.layers:
        with layer.open() as file:
            layers.append(file.read())
    return layers


def codes(refusal) -> list[str]:
    return [problem.code for problem in refusal.value.problems]
