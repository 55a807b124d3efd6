"""How an attacker changes a bundle: content is changed, then every checksum is corrected."""

import hashlib
import json
import struct
from array import array
from collections.abc import Callable
from pathlib import Path
from typing import Any

from model.booster import ubjson
from model.bundle.folder import BOOSTER, GOLDEN, MANIFEST

ARRAYS = {"b": "i", "B": "U", "h": "I", "i": "l", "q": "L", "f": "d", "d": "D"}


def forge(bundle: Path, name: str, data: bytes) -> None:
    """Put `data` into the bundle and its digest into the manifest."""
    (bundle / name).write_bytes(data)
    manifest = json.loads((bundle / MANIFEST).read_bytes())
    manifest["files"][name] = {"sha256": hashlib.sha256(data).hexdigest(), "size": len(data)}
    (bundle / MANIFEST).write_text(json.dumps(manifest))


def forge_manifest(bundle: Path, change: Callable[[dict[str, Any]], object]) -> None:
    manifest = json.loads((bundle / MANIFEST).read_bytes())
    change(manifest)
    (bundle / MANIFEST).write_text(json.dumps(manifest))


def forge_golden(bundle: Path, change: Callable[[list[dict[str, Any]]], object]) -> None:
    rows = json.loads((bundle / GOLDEN).read_bytes())
    change(rows)
    forge(bundle, GOLDEN, json.dumps(rows).encode())


def forge_booster(bundle: Path, change: Callable[[dict[str, Any]], object]) -> None:
    booster = ubjson.parse((bundle / BOOSTER).read_bytes())
    change(booster)
    forge(bundle, BOOSTER, ubj(booster))


def ubj(value: object) -> bytes:
    """UBJSON as XGBoost writes it, of any document."""
    if isinstance(value, dict):
        return b"{" + b"".join(_text(key) + ubj(item) for key, item in value.items()) + b"}"
    if isinstance(value, array):
        swapped = array(value.typecode, value)
        swapped.byteswap()
        return b"[$" + ARRAYS[value.typecode].encode() + b"#" + _length(len(value)) + swapped.tobytes()
    if isinstance(value, list):
        return b"[#" + _length(len(value)) + b"".join(map(ubj, value))
    if isinstance(value, str):
        return b"S" + _text(value)
    if isinstance(value, int):
        return b"L" + struct.pack(">q", value) if abs(value) > 2**31 else _smallest(value)
    raise TypeError(f"{value!r}")


def _smallest(value: int) -> bytes:
    """XGBoost takes the smallest width that holds the number."""
    for marker, form, limit in (("i", ">b", 2**7), ("I", ">h", 2**15), ("l", ">i", 2**31)):
        if -limit <= value < limit:
            return marker.encode() + struct.pack(form, value)
    return b"L" + struct.pack(">q", value)


def _text(value: str) -> bytes:
    return _length(len(value.encode())) + value.encode()


def _length(size: int) -> bytes:
    return b"L" + struct.pack(">q", size)
