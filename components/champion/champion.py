"""The model in service, which a new one has to beat: named as a bundle, or the newest release of an image store."""

import shutil
from collections.abc import Callable, Sequence
from pathlib import Path

from build.oci.open_store import open_store
from build.oci.store import ImageStore
from build.oci.store_address import names_store
from build.release.fetch import fetch
from build.release.releases import releases
from components.champion.forms import FORMS
from model.bundle.bundle import load
from model.bundle.folder import FILES
from model.errors import BundleError, DataError, Problem
from model.files import new_folder


def champion(
    address: str, model: str, out: Path, *, cache: Path, required: Path | None = None, report: Callable[[str], None]
) -> str | None:
    """Write the champion's bundle to `out/bundle` and return its digest; None, and an empty folder, without a champion.

    `address` is empty, a bundle's folder, or an image store. A model without a release has no champion yet: the first
    run of a model needs no other settings than all later ones. The owner of the public key `required` must have signed
    what comes from a store. Raises DataError and BundleError, and what the store raises.
    """
    if not address:
        out.mkdir(parents=True)
        report("none named")
        return None
    if names_store(address):
        return _released(address, model, out, cache, [required] if required else [], report)
    folder = Path(address)
    digest = digest_of(folder)
    with new_folder(out) as temporary:
        (temporary / "bundle").mkdir()
        for name in FILES:
            shutil.copyfile(folder / name, temporary / "bundle" / name)
    report(f"bundle {digest}")
    return digest


def digest_of(folder: Path) -> str:
    """The digest of the bundle in a folder. Raises DataError and BundleError."""
    where = f"CHAMPION {folder}"
    if not folder.is_dir():
        raise DataError(Problem(where, "is not a folder and not an image store", FORMS, "champion-missing"))
    try:
        return load(folder).digest
    except BundleError as refusal:
        problems = (
            Problem(where, f"{problem.where}: {problem.problem}", FORMS, problem.code) for problem in refusal.problems
        )
        raise BundleError(*problems) from refusal


def store_of(address: str, *, cache: Path) -> ImageStore:
    """The image store that is named. Raises DataError and StoreError."""
    if address.startswith("oci:") and not Path(address.removeprefix("oci:")).is_dir():
        raise DataError(Problem(f"CHAMPION {address}", "is not a folder of images", FORMS, "champion-missing"))
    return open_store(address, cache=cache)


def _released(
    address: str, model: str, out: Path, cache: Path, keys: Sequence[Path], report: Callable[[str], None]
) -> str | None:
    store = store_of(address, cache=cache)
    newest = next(iter(releases(store, model, newest=1)), None)
    if newest is None:
        out.mkdir(parents=True)
        report(f"{model} has no release in {store.name} yet")
        return None
    digest = fetch(store, newest, out, keys=keys, report=report)
    report(f"{newest.tag}: bundle {digest}")
    return digest
