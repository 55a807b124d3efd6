"""Copy first: what the gate looks at, and what an image is made of, are the same files, where nobody else writes."""

from dataclasses import dataclass, field
from pathlib import Path

from build.gate.files import read_folder
from build.gate.verdict import read_verdict
from model.errors import BundleRefused, Fault

BUNDLE, VERDICT = "bundle", "verdict.json"


@dataclass(frozen=True)
class Copied:
    """A bundle, and its verdict if it could be read, in a folder of their own; `faults` are those of the originals."""

    folder: Path
    faults: list[Fault] = field(default_factory=list)

    @property
    def bundle(self) -> Path:
        return self.folder / BUNDLE

    @property
    def verdict(self) -> Path | None:
        path = self.folder / VERDICT
        return path if path.exists() else None


def copy(bundle: Path, verdict: Path, folder: Path) -> Copied:
    """Copy into `folder`, which is made. Only regular files of a bundle's names and size are opened.

    Raises BundleRefused when there is no folder to copy.
    """
    files, faults = read_folder(bundle)
    judged, unread = read_verdict(verdict)
    if any(fault.code == "folder-unreadable" for fault in faults):
        raise BundleRefused(*faults, *unread)
    (folder / BUNDLE).mkdir(parents=True)
    for name, data in files.items():
        (folder / BUNDLE / name).write_bytes(data)
    if not unread:
        (folder / VERDICT).write_bytes(judged)
    return Copied(folder, [*faults, *unread])
