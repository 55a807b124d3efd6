"""Spoiled folders: files that are not what or where the manifest says, and files changed behind its back."""

import os
import pickle
import shutil
from collections.abc import Callable
from pathlib import Path

from model.bundle.folder import BOOSTER, FILES, GOLDEN, MANIFEST, MOST_BYTES
from tests.build.corpus.inject import Damage, Spoil, flip, raw, text
from tests.build.tamper import forge_manifest


def replaced(name: str, make: Callable[[Path], object]) -> Spoil:
    """Put something else under a file's name."""

    def spoil(bundle: Path) -> None:
        (bundle / name).rename(bundle.with_suffix(".aside"))
        make(bundle / name)

    return spoil


def sparse(path: Path) -> None:
    with path.open("wb") as file:
        file.truncate(MOST_BYTES + 1)


FOLDER = [
    *(Damage(f"{name} absent", "file-missing", lambda b, name=name: (b / name).unlink()) for name in FILES),
    *(
        Damage(
            f"{name} is a symlink to itself elsewhere",
            "file-kind",
            replaced(name, lambda p: p.symlink_to(p.parent.with_suffix(".aside"))),
        )
        for name in FILES
    ),
    *(Damage(f"{name} is a folder", "file-kind", replaced(name, Path.mkdir)) for name in FILES),
    Damage("booster is a pipe", "file-kind", replaced(BOOSTER, os.mkfifo)),
    *(Damage(f"{name} is larger than any model", "file-size", replaced(name, sparse)) for name in FILES),
    Damage("an extra file", "file-extra", lambda b: (b / "setup.py").write_text("print('hello')")),
    Damage("an extra hidden file", "file-extra", lambda b: (b / ".pth").write_text("import os")),
    Damage("an extra folder", "file-extra", lambda b: (b / "more").mkdir()),
    Damage(
        "an extra name that is not UTF-8",
        "file-extra",
        lambda b: os.close(os.open(os.fsencode(b) + b"/\xff", os.O_CREAT)),
    ),
    Damage("the folder is absent", "folder-unreadable", shutil.rmtree),
    Damage(
        "manifest declares a path outside",
        "file-undeclared",
        lambda b: forge_manifest(b, lambda m: m["files"].update({"../../etc/passwd": m["files"][GOLDEN]})),
    ),
    Damage(
        "manifest does not declare the booster",
        "file-undeclared",
        lambda b: forge_manifest(b, lambda m: m["files"].pop(BOOSTER)),
    ),
]

UNFORGED = [
    Damage("booster: one bit flipped, checksum as it was", "file-digest", raw(BOOSTER, lambda d: flip(d, len(d) // 2))),
    Damage(
        "golden: one digit changed, checksum as it was", "file-digest", raw(GOLDEN, lambda d: d.replace(b"1", b"2", 1))
    ),
    Damage("booster: last byte gone, checksum as it was", "file-digest", raw(BOOSTER, lambda d: d[:-1])),
    Damage("golden: a space more, checksum as it was", "file-digest", raw(GOLDEN, lambda d: d + b" ")),
    Damage("manifest: empty", "manifest-json", raw(MANIFEST, lambda _: b"")),
    Damage("manifest: cut at half", "manifest-json", raw(MANIFEST, lambda d: d[: len(d) // 2])),
    Damage("manifest: a pickle", "manifest-json", raw(MANIFEST, lambda _: pickle.dumps({"format": 1}))),
    Damage("manifest: not UTF-8", "manifest-json", raw(MANIFEST, lambda d: d.replace(b"toy", b"\xff\xfe\xfd"))),
    Damage("manifest: a list", "manifest-format", raw(MANIFEST, lambda _: b"[]")),
    Damage("manifest: nested 100,000 deep", "manifest-json", raw(MANIFEST, lambda _: b"[" * 100_000 + b"]" * 100_000)),
    Damage("manifest: a key twice", "manifest-json", text(MANIFEST, '"format": 1', '"format": 1, "format": 1')),
    Damage("manifest: NaN", "manifest-json", text(MANIFEST, '"intercept": -0.3', '"intercept": NaN')),
    Damage("manifest: infinity as 1e999", "manifest-json", text(MANIFEST, '"intercept": -0.3', '"intercept": 1e999')),
]
