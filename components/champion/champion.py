"""The model in service, which a new one has to beat: a bundle, or the image of a release, pinned by its digest."""

import shutil
from collections.abc import Callable, Sequence
from pathlib import Path

from build.oci.open_store import open_store
from build.oci.store_address import names_store
from build.release.fetch import bring
from build.release.releases import candidate
from model.bundle.bundle import load
from model.bundle.folder import FILES
from model.errors import DataError, Problem
from model.files import output_folder


def champion(
    reference: str, model: str, out: Path, *, cache: Path, required: Path | None = None, report: Callable[[str], None]
) -> str | None:
    """Write the champion's bundle to `out/bundle` and return its digest; None, and an empty folder, without a champion.

    `reference` is what the step resolve pinned: STORE@DIGEST of an image, FOLDER@DIGEST of a bundle, or empty. The
    owner of the public key `required` must have signed what comes from a store. Raises DataError and BundleError, and
    what the store raises.
    """
    address, _, digest = reference.rpartition("@")
    if not reference:
        out.mkdir(parents=True, exist_ok=True)
        report("none")
        return None
    if names_store(address):
        return _released(address, digest, model, out, cache, [required] if required else [], report)
    return _copied(Path(address), digest, out, report)


def _copied(folder: Path, digest: str, out: Path, report: Callable[[str], None]) -> str:
    with output_folder(out):
        (out / "bundle").mkdir()
        for name in FILES:
            shutil.copyfile(folder / name, out / "bundle" / name)
        if (actual := load(out / "bundle").digest) != digest:
            problem = f"changed while the run was starting: it was {digest} and is {actual}"
            raise DataError(Problem(f"CHAMPION {folder}", problem, "Run again", "champion-changed"))
    report(f"bundle {digest}")
    return digest


def _released(
    address: str,
    digest: str,
    model: str,
    out: Path,
    cache: Path,
    keys: Sequence[Path],
    report: Callable[[str], None],
) -> str:
    store = open_store(address, cache=cache)
    release = candidate(store, model, digest)
    with output_folder(out):
        bundle = bring(store, release, out, keys=keys, report=report)
    report(f"{release.tag}: bundle {bundle}")
    return bundle
