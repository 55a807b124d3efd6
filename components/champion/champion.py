"""The model in service, which a new one has to beat: given as a bundle, or the newest release of a place for images."""

import shutil
from collections.abc import Callable, Sequence
from pathlib import Path

from build.oci.open_store import open_store
from build.oci.store import ImageStore
from build.release.fetch import fetch
from build.release.releases import releases
from model.bundle.bundle import load
from model.bundle.folder import FILES
from model.errors import BundleError, DataError, Problem
from model.files import new_folder

PLACES = ("oci:", "registry://", "ecr://")
FORMS = "Use a bundle's folder, oci:FOLDER, registry://HOST/REPOSITORY or ecr://ACCOUNT.REGION/REPOSITORY"


def champion(
    named: str, model: str, out: Path, *, cache: Path, required: Path | None = None, report: Callable[[str], None]
) -> str | None:
    """Write the champion's bundle to `out/bundle` and return its digest; None, and an empty folder, without one.

    `named` is empty, a bundle's folder, or a place for images. A model without a release has no champion yet: the
    first run of a model needs no other settings than all later ones. The owner of the public key `required` must have
    signed what comes from a place. Raises DataError and BundleError, and what
    the place raises.
    """
    if not named:
        out.mkdir(parents=True)
        report("none named")
        return None
    if named.startswith(PLACES):
        return _released(named, model, out, cache, [required] if required else [], report)
    folder = Path(named)
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
        raise DataError(Problem(where, "is not a folder and not a place for images", FORMS, "champion-missing"))
    try:
        return load(folder).digest
    except BundleError as refusal:
        problems = (
            Problem(where, f"{problem.where}: {problem.problem}", FORMS, problem.code) for problem in refusal.problems
        )
        raise BundleError(*problems) from refusal


def images_of(named: str, *, cache: Path) -> ImageStore:
    """The place for images that is named. Raises DataError and StoreError."""
    if named.startswith("oci:") and not Path(named.removeprefix("oci:")).is_dir():
        raise DataError(Problem(f"CHAMPION {named}", "is not a folder of images", FORMS, "champion-missing"))
    return open_store(named, cache=cache)


def _released(
    named: str, model: str, out: Path, cache: Path, keys: Sequence[Path], report: Callable[[str], None]
) -> str | None:
    place = images_of(named, cache=cache)
    found = next(iter(releases(place, model, newest=1)), None)
    if found is None:
        out.mkdir(parents=True)
        report(f"{model} has no release in {place.name} yet")
        return None
    digest = fetch(place, found, out, keys=keys, report=report)
    report(f"{found.tag}: bundle {digest}")
    return digest
