"""Layers that were made once and are kept on this machine, by a key over everything that went into them."""

import hashlib
import json
import tempfile
from collections.abc import Callable, Iterable
from pathlib import Path

from build.oci.layer import Layer, TarEntry, write_layer
from model.files import write_json

# One time for every file of a base. Not 0, which archives and browsers of images show as broken.
EPOCH = 1_577_836_800
CREATED = "2020-01-01T00:00:00Z"
RULES = 2  # of what is left out of a layer; a change makes all layers anew

Make = Callable[[Path], Iterable[TarEntry]]


def key_of(*parts: str) -> str:
    return hashlib.sha256("\0".join((str(RULES), *parts)).encode()).hexdigest()


def kept_layer(folder: Path, key: str, make: Make) -> Layer:
    """The layer of this key; `make` fills a scratch folder and names the entries when it is not there yet."""
    folder.mkdir(parents=True, exist_ok=True)
    path, facts = folder / f"{key}.tar.gz", folder / f"{key}.json"
    if not _is_whole(path, facts):
        with tempfile.TemporaryDirectory(dir=folder, prefix=".making-") as scratch:
            inside = Path(scratch) / "content"
            inside.mkdir()
            layer = write_layer(Path(scratch) / "layer.tar.gz", make(inside), mtime=EPOCH)
            layer.path.replace(path)
            # The facts come last: a layer without them is made again.
            write_json(facts, {"diff_id": layer.diff_id, "digest": layer.digest, "size": layer.size})
    known = json.loads(facts.read_bytes())
    return Layer(path, known["diff_id"], known["digest"], known["size"], {})


def _is_whole(path: Path, facts: Path) -> bool:
    """Whether what is kept can be used; its digest is compared when it is read."""
    try:
        return bool(json.loads(facts.read_bytes())["size"] == path.stat().st_size)
    except (OSError, ValueError, KeyError, TypeError):
        return False
