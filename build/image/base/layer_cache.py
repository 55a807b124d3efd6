"""A cache of layers on this machine, by a key over everything that went into them."""

import contextlib
import hashlib
import json
import tempfile
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from filelock import FileLock

from build.oci.layer import Layer, TarEntry, write_layer
from model.files import write_json

# One time for every file of a base. Not 0, which archives and browsers of images show as broken.
EPOCH = 1_577_836_800
CREATED = "2020-01-01T00:00:00Z"
RULES = 3  # of what is left out of a layer; a change makes all layers anew

Make = Callable[[Path], Iterable[TarEntry]]


@contextlib.contextmanager
def locked(cache: Path) -> Iterator[None]:
    """One builder at a time; the next one finds what the first has cached. Raises OSError for an unwritable cache."""
    cache.mkdir(parents=True, exist_ok=True)
    with FileLock(cache / ".lock"):
        yield


def key_of(*parts: str) -> str:
    return hashlib.sha256("\0".join((str(RULES), *parts)).encode()).hexdigest()


def cached_layer(folder: Path, key: str, make: Make) -> Layer:
    """The layer of this key; when it is missing, `make` fills a scratch folder and returns the entries."""
    folder.mkdir(parents=True, exist_ok=True)
    path, record = folder / f"{key}.tar.gz", folder / f"{key}.json"
    if not _is_complete(path, record):
        with tempfile.TemporaryDirectory(dir=folder, prefix=".making-") as scratch:
            content = Path(scratch) / "content"
            content.mkdir()
            layer = write_layer(Path(scratch) / "layer.tar.gz", make(content), mtime=EPOCH)
            layer.path.replace(path)
            # The record comes last: a layer without it is made again.
            write_json(record, {"diff_id": layer.diff_id, "digest": layer.digest, "size": layer.size})
    fields = json.loads(record.read_bytes())
    return Layer(path, fields["diff_id"], fields["digest"], fields["size"], {})


def _is_complete(path: Path, record: Path) -> bool:
    """Whether the cached layer can be used; its digest is compared when it is read."""
    try:
        return bool(json.loads(record.read_bytes())["size"] == path.stat().st_size)
    except (OSError, ValueError, KeyError, TypeError):
        return False
