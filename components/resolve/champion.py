"""The champion that is named, pinned: the newest release of an image store, or a bundle's folder, with its digest."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from build.oci.store_address import names_store
from build.settings import cache_folder, required_key
from components.resolve.forms import FORMS
from model.bundle.bundle import load
from model.errors import BundleError, DataError, Problem

if TYPE_CHECKING:
    from build.oci.store import ImageStore
    from build.release.releases import Release


def pinned_champion(
    address: str, model: str, *, cache: Path, required: Path | None = None, report: Callable[[str], None]
) -> str:
    """`STORE@DIGEST` of the newest release, `FOLDER@DIGEST` of a bundle; empty without a champion.

    `address` is empty, a bundle's folder, or an image store. A model without a release has no champion yet: the first
    run of a model needs no other settings than all later ones. A release is verified as a whole, the signature of the
    owner of the public key `required` included: what is beside an image can change under one digest, and the step that
    brings it may come from the cache. Raises DataError, BundleError, ReleaseError and SignatureError, and what the
    store raises.
    """
    if not address:
        report("no champion is named")
        return ""
    if not names_store(address):
        return f"{address}@{digest_of(Path(address))}"
    from build.release.releases import candidate, releases  # half a second with the store's client

    store = store_of(address, cache=cache)
    newest = next(iter(releases(store, model, newest=1)), None)
    if newest is None:
        report(f"{model} has no release in {store.name} yet")
        return ""
    _refuse_unverified(store, candidate(store, model, newest.digest), [required] if required else [], report)
    report(f"champion {newest.tag}")
    return f"{address}@{newest.digest}"


def _refuse_unverified(
    store: "ImageStore", release: "Release", keys: Sequence[Path], report: Callable[[str], None]
) -> None:
    from build.oci.tempdir import refusing_without_room, scratch
    from build.release.verify_image import verify_image

    with scratch() as work, refusing_without_room():
        verify_image(store, release, work, keys=keys, report=report)


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


def store_of(address: str, *, cache: Path) -> "ImageStore":
    """The image store that is named. Raises DataError and StoreError."""
    if address.startswith("oci:") and not Path(address.removeprefix("oci:")).is_dir():
        raise DataError(Problem(f"CHAMPION {address}", "is not a folder of images", FORMS, "champion-missing"))
    from build.oci.open_store import open_store

    return open_store(address, cache=cache)


def refuse_missing_champion(address: str, model: str, environ: Mapping[str, str]) -> None:
    """Raises what pinning it would raise. A store without a release of the model is accepted."""
    pinned_champion(address, model, cache=cache_folder(environ), required=required_key(environ), report=lambda _: None)
