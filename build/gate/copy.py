"""Copy first: the gate checks, and the image contains, the same files in a folder that no other process writes to."""

from dataclasses import dataclass, field
from pathlib import Path

from build.gate.verdict import read_verdict
from model.bundle.folder import read_folder
from model.errors import BundleError, Problem

BUNDLE, VERDICT = "bundle", "verdict.json"


@dataclass(frozen=True)
class Copied:
    """A bundle, and its verdict if it could be read, in a new folder; `problems` are those of the originals."""

    folder: Path
    problems: list[Problem] = field(default_factory=list)

    @property
    def bundle(self) -> Path:
        return self.folder / BUNDLE

    @property
    def verdict(self) -> Path | None:
        path = self.folder / VERDICT
        return path if path.exists() else None


def copy(bundle: Path, verdict: Path, folder: Path) -> Copied:
    """Copy into `folder`, which is made. Only regular files of a bundle's names and size are opened.

    Raises BundleError when there is no folder to copy.
    """
    files, problems = read_folder(bundle)
    data, unreadable = read_verdict(verdict)
    if any(problem.code == "folder-unreadable" for problem in problems):
        raise BundleError(*problems, *unreadable)
    (folder / BUNDLE).mkdir(parents=True)
    for name, content in files.items():
        (folder / BUNDLE / name).write_bytes(content)
    if not unreadable:
        (folder / VERDICT).write_bytes(data)
    return Copied(folder, [*problems, *unreadable])
