"""Corrupted folders: wrong kinds of files, and files that no longer match the manifest."""

import os
import pickle
import shutil
from collections.abc import Callable
from pathlib import Path

from model.bundle.folder import BOOSTER, FILES, GOLDEN, MANIFEST, MOST_BYTES
from tests.build.corpus.inject import Apply, Corruption, flip, raw, text
from tests.build.tamper import forge_manifest


def replaced(name: str, make: Callable[[Path], object]) -> Apply:
    """Put something else under a file's name."""

    def corrupt(bundle: Path) -> None:
        (bundle / name).rename(bundle.with_suffix(".aside"))
        make(bundle / name)

    return corrupt


def sparse(path: Path) -> None:
    with path.open("wb") as file:
        file.truncate(MOST_BYTES + 1)


FOLDER = [
    *(Corruption(f"{name} absent", "file-missing", lambda b, name=name: (b / name).unlink()) for name in FILES),
    *(
        Corruption(
            f"{name} is a symlink to itself elsewhere",
            "file-kind",
            replaced(name, lambda p: p.symlink_to(p.parent.with_suffix(".aside"))),
        )
        for name in FILES
    ),
    *(Corruption(f"{name} is a folder", "file-kind", replaced(name, Path.mkdir)) for name in FILES),
    Corruption("booster is a pipe", "file-kind", replaced(BOOSTER, os.mkfifo)),
    *(Corruption(f"{name} is larger than any model", "file-size", replaced(name, sparse)) for name in FILES),
    Corruption("an extra file", "file-extra", lambda b: (b / "setup.py").write_text("print('hello')")),
    Corruption("an extra hidden file", "file-extra", lambda b: (b / ".pth").write_text("import os")),
    Corruption("an extra folder", "file-extra", lambda b: (b / "more").mkdir()),
    Corruption(
        "an extra name that is not UTF-8",
        "file-extra",
        lambda b: os.close(os.open(os.fsencode(b) + b"/\xff", os.O_CREAT)),
    ),
    Corruption("the folder is absent", "folder-unreadable", shutil.rmtree),
    Corruption(
        "manifest declares a path outside",
        "file-undeclared",
        lambda b: forge_manifest(b, lambda m: m["files"].update({"../../etc/passwd": m["files"][GOLDEN]})),
    ),
    Corruption(
        "manifest does not declare the booster",
        "file-undeclared",
        lambda b: forge_manifest(b, lambda m: m["files"].pop(BOOSTER)),
    ),
]

UNFORGED = [
    Corruption(
        "booster: one bit flipped, checksum as it was", "file-digest", raw(BOOSTER, lambda d: flip(d, len(d) // 2))
    ),
    Corruption(
        "golden: one digit changed, checksum as it was", "file-digest", raw(GOLDEN, lambda d: d.replace(b"1", b"2", 1))
    ),
    Corruption("booster: last byte gone, checksum as it was", "file-digest", raw(BOOSTER, lambda d: d[:-1])),
    Corruption("golden: a space more, checksum as it was", "file-digest", raw(GOLDEN, lambda d: d + b" ")),
    Corruption("manifest: empty", "manifest-json", raw(MANIFEST, lambda _: b"")),
    Corruption("manifest: cut at half", "manifest-json", raw(MANIFEST, lambda d: d[: len(d) // 2])),
    Corruption("manifest: a pickle", "manifest-json", raw(MANIFEST, lambda _: pickle.dumps({"format": 1}))),
    Corruption("manifest: not UTF-8", "manifest-json", raw(MANIFEST, lambda d: d.replace(b"toy", b"\xff\xfe\xfd"))),
    Corruption("manifest: a list", "manifest-format", raw(MANIFEST, lambda _: b"[]")),
    Corruption(
        "manifest: nested 100,000 deep", "manifest-json", raw(MANIFEST, lambda _: b"[" * 100_000 + b"]" * 100_000)
    ),
    Corruption("manifest: a key twice", "manifest-json", text(MANIFEST, '"format": 1', '"format": 1, "format": 1')),
    Corruption("manifest: NaN", "manifest-json", text(MANIFEST, '"intercept": -0.3', '"intercept": NaN')),
    Corruption(
        "manifest: infinity as 1e999", "manifest-json", text(MANIFEST, '"intercept": -0.3', '"intercept": 1e999')
    ),
]
