"""Copy first: what the gate looks at, and what an image is made of, are the same files, where nobody else writes."""

from dataclasses import dataclass, field
from pathlib import Path

from build.gate.files import read_folder
from build.gate.verdict import read_verdict
from model.errors import BundleError, Problem

BUNDLE, VERDICT = "bundle", "verdict.json"


@dataclass(frozen=True)
class Copied:
    """A bundle, and its verdict if it could be read, in a folder of their own; `problems` are the originals'."""

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
    judged, unread = read_verdict(verdict)
    if any(problem.code == "folder-unreadable" for problem in problems):
        raise BundleError(*problems, *unread)
    (folder / BUNDLE).mkdir(parents=True)
    for name, data in files.items():
        (folder / BUNDLE / name).write_bytes(data)
    if not unread:
        (folder / VERDICT).write_bytes(judged)
    return Copied(folder, [*problems, *unread])
