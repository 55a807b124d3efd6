"""What a corruption is, and the small ways of making one."""

from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

from model.bundle.folder import MANIFEST
from tests.build.tamper import forge

Apply = Callable[[Path], object]


class Corruption(NamedTuple):
    name: str
    code: str
    apply: Apply


def flip(data: bytes, index: int, bit: int = 1) -> bytes:
    return data[:index] + bytes([data[index] ^ bit]) + data[index + 1 :]


def raw(name: str, change: Callable[[bytes], bytes]) -> Apply:
    """Change a file and leave its checksum as it was."""
    return lambda bundle: (bundle / name).write_bytes(change((bundle / name).read_bytes()))


def forged(name: str, change: Callable[[bytes], bytes]) -> Apply:
    return lambda bundle: forge(bundle, name, change((bundle / name).read_bytes()))


def text(name: str, old: str, new: str) -> Apply:
    """Replace the first `old` in a JSON file."""

    def change(data: bytes) -> bytes:
        assert old.encode() in data, f"{old!r} is not in {name}"
        return data.replace(old.encode(), new.encode(), 1)

    return raw(name, change) if name == MANIFEST else forged(name, change)


def at(part: str, **values: object) -> Callable[[dict[str, Any]], object]:
    """Set values in a part of a document: "linear.terms.0"."""

    def change(document: Any) -> None:
        for step in filter(None, part.split(".")):
            document = document[int(step) if step.isdecimal() else step]
        document.update(values)

    return change
