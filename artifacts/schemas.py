"""JSON Schemas of all documents, written from their classes: `python -m artifacts.schemas docs`."""

from model import interrupt

if __name__ == "__main__":
    interrupt.exit_at_once()

import importlib
import pkgutil
import sys
from collections.abc import Iterator
from pathlib import Path

import artifacts
from artifacts.document import Document
from model.files import dump_json, write_atomically


def documents() -> list[type[Document]]:
    """Every document class in artifacts/, by the name of its file."""
    for module in pkgutil.iter_modules(artifacts.__path__, f"{artifacts.__name__}."):
        importlib.import_module(module.name)
    classes = [kind for kind in _subclasses(Document) if kind.__module__.startswith(f"{artifacts.__name__}.")]
    return sorted(classes, key=lambda kind: kind.FILE)


def _subclasses(kind: type[Document]) -> Iterator[type[Document]]:
    for subclass in kind.__subclasses__():
        yield subclass
        yield from _subclasses(subclass)


def schemas() -> dict[str, bytes]:
    """File name -> JSON Schema of what a step writes: every key is present, also one with a default."""
    return {f"{Path(kind.FILE).stem}.schema.json": _schema(kind) for kind in documents()}


def _schema(kind: type[Document]) -> bytes:
    return dump_json({**kind.model_json_schema(mode="serialization"), "title": kind.FILE})


def main(folder: str) -> None:
    """Write FOLDER/schemas/*.schema.json, and remove schemas there of documents that are no more."""
    target = Path(folder) / "schemas"
    target.mkdir(exist_ok=True)
    current = schemas()
    for name, schema in current.items():
        write_atomically(target / name, schema)
    for path in target.glob("*.schema.json"):
        if path.name not in current:
            path.unlink()


if __name__ == "__main__":
    main(*sys.argv[1:])
