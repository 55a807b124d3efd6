"""A trained model on disk: a folder of data, nothing that runs. FORMAT.md describes it for other readers.

Loading is parse -> check -> construct. `read` reports how the folder differs from what its manifest declares; whether
the model inside is correct and may ship is the gate's question.
"""

import hashlib
from dataclasses import dataclass
from pathlib import Path

from model.bundle.folder import BOOSTER, FILES, GOLDEN, MANIFEST, RETRAIN, digest_of, read_folder
from model.bundle.golden import GoldenRow, parse_golden
from model.bundle.manifest import BundleManifest, FileDigest, parse_manifest
from model.errors import BundleError, Problem, Problems
from model.files import dump_json, output_folder


@dataclass(frozen=True)
class Bundle:
    """A checked bundle in memory. `digest` is its identity: sha256 over the sorted file digests."""

    manifest: BundleManifest
    booster: bytes
    golden: tuple[GoldenRow, ...]
    digest: str


@dataclass(frozen=True)
class BundleFolder:
    """What could be read of a bundle's folder, and every problem of it.

    `digest` is None unless all files could be read; `bundle` is None unless every document could be parsed too, even
    where they contradict each other. With no problem there is a bundle.
    """

    files: dict[str, bytes]
    manifest: BundleManifest | None
    bundle: Bundle | None
    digest: str | None
    problems: list[Problem]


def write(folder: Path, manifest: BundleManifest, booster: bytes, golden: tuple[GoldenRow, ...]) -> str:
    """Write a complete bundle or none; returns its digest. Raises OSError when `folder` is not empty."""
    files = {BOOSTER: booster, GOLDEN: dump_json([row.model_dump(mode="json") for row in golden])}
    declared = {
        name: FileDigest(sha256=hashlib.sha256(data).hexdigest(), size=len(data)) for name, data in files.items()
    }
    files[MANIFEST] = dump_json(manifest.model_copy(update={"files": declared}).model_dump(mode="json"))
    with output_folder(folder):
        for name, data in files.items():
            (folder / name).write_bytes(data)
    return digest_of(files)


def load(folder: Path) -> Bundle:
    """Raises BundleError with every way in which the folder is not what its manifest declares."""
    content = read(folder)
    if content.problems or content.bundle is None:
        raise BundleError(*content.problems)
    return content.bundle


def read(folder: Path) -> BundleFolder:
    """The folder's files, parsed and compared with the digests that the manifest declares."""
    files, problems = read_folder(folder)
    invalid = Problems()
    manifest = parse_manifest(files[MANIFEST], invalid) if MANIFEST in files else None
    golden = parse_golden(files[GOLDEN], invalid) if GOLDEN in files else ()
    problems += invalid.items
    if manifest is not None:
        problems += _compare(files, manifest)
    digest = digest_of(files) if len(files) == len(FILES) else None
    bundle = None
    if digest is not None and manifest is not None and not invalid.items:
        bundle = Bundle(manifest, files[BOOSTER], golden, digest)
    return BundleFolder(files, manifest, bundle, digest, problems)


def _compare(files: dict[str, bytes], manifest: BundleManifest) -> list[Problem]:
    """The manifest declares exactly the booster and the golden rows, with the digests that the files have."""
    problems = []
    for name in sorted(set(manifest.files) | {BOOSTER, GOLDEN}):
        declared = manifest.files.get(name)
        if declared is None:
            problems.append(Problem(f"{MANIFEST} files", f"does not declare {name}", RETRAIN, "file-undeclared"))
        elif name not in (BOOSTER, GOLDEN):
            problems.append(Problem(f"{MANIFEST} files", f"declares {name!r:.100}", RETRAIN, "file-undeclared"))
        elif name in files and len(files[name]) != declared.size:
            problem = f"has {len(files[name])} bytes, {declared.size} are declared"
            problems.append(Problem(name, problem, RETRAIN, "file-digest"))
        elif name in files and hashlib.sha256(files[name]).hexdigest() != declared.sha256:
            problems.append(Problem(name, "does not match its declared sha256", RETRAIN, "file-digest"))
    return problems
