"""An image out of the engine ("docker save") as one of ours: times and owners left behind, deterministic gzip.

Engines gzip as they like and note when a file was made; here the same files are the same digest, whoever built them.
"""

import json
import shutil
import tarfile
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any

from docker import DockerClient

from build.image.base.layer_cache import CREATED, EPOCH
from build.oci.image import Image, dump
from build.oci.layer import TarEntry, write_layer

CONFIG_KEYS = ("Cmd", "Entrypoint", "Env", "ExposedPorts", "Labels", "User", "WorkingDir")
STICKY = 0o1777  # rights of owner, group and all; no setuid, no setgid


def saved_image(client: DockerClient, image: str, scratch: Path) -> Image:
    """The engine's image; its layers are files in `scratch`."""
    archive = scratch / "saved.tar"
    with archive.open("wb") as file:
        for data in client.images.get(image).save():
            file.write(data)
    with tarfile.open(archive) as tar:
        manifest = json.loads(_read(tar, "manifest.json"))[0]
        config = json.loads(_read(tar, manifest["Config"]))
        layers = []
        for number, name in enumerate(manifest["Layers"]):
            content = scratch / f"{number:03}"
            content.mkdir()
            with _open(tar, name) as packed:
                layers.append(write_layer(scratch / f"{number:03}.tar.gz", _entries(packed, content), mtime=EPOCH))
            shutil.rmtree(content)
    archive.unlink()
    steps = [f"kamado: layer {number} of {len(layers)}" for number in range(1, len(layers) + 1)]
    written = {
        "architecture": config["architecture"],
        "os": config["os"],
        "config": {key: value for key in CONFIG_KEYS if (value := config["config"].get(key))},
        "created": CREATED,
        "history": [{"created": CREATED, "created_by": step} for step in steps],
        "rootfs": {"type": "layers", "diff_ids": [layer.diff_id for layer in layers]},
    }
    return Image(dump(written), tuple(layer.blob() for layer in layers))


def _entries(packed: IO[bytes], content: Path) -> Iterator[TarEntry]:
    """The names of one layer; `content` takes the files. Devices are left out: an engine makes its own."""
    files: dict[str, Path] = {}
    with tarfile.open(fileobj=packed, mode="r|*") as tar:
        for number, member in enumerate(tar):
            name, mode = member.name.removeprefix("./").rstrip("/"), member.mode & STICKY
            if name in ("", "."):
                continue
            if member.isdir():
                yield TarEntry(name, mode)
            elif member.issym():
                yield TarEntry(name, link=member.linkname)
            elif member.islnk():
                yield TarEntry(name, mode, data=files[member.linkname.removeprefix("./")])
            elif (source := tar.extractfile(member)) is not None:
                files[name] = content / str(number)
                with files[name].open("wb") as file:
                    shutil.copyfileobj(source, file)
                yield TarEntry(name, mode, data=files[name])


def _read(tar: tarfile.TarFile, name: str) -> Any:
    with _open(tar, name) as file:
        return file.read()


def _open(tar: tarfile.TarFile, name: str) -> IO[bytes]:
    file = tar.extractfile(name)
    if file is None:
        raise ValueError(f"the engine's archive has no file {name}")
    return file
