"""The model in service, which a new one has to beat: given as a bundle, or the newest release of a place for images."""

import shutil
from collections.abc import Callable, Sequence
from pathlib import Path

from build.oci.open_store import publisher
from build.oci.store import Publisher
from build.release.fetch import fetch
from build.release.releases import releases
from model.bundle.bundle import FILES, load
from model.errors import BundleRefused, DataRefused, Fault
from model.files import new_folder

PLACES = ("oci:", "registry://", "ecr://")
FORMS = "Use a bundle's folder, oci:FOLDER, registry://HOST/REPOSITORY or ecr://ACCOUNT.REGION/REPOSITORY"


def champion(
    named: str, model: str, out: Path, *, cache: Path, required: Path | None = None, report: Callable[[str], None]
) -> str | None:
    """Write the champion's bundle to `out/bundle` and return its digest; None, and an empty folder, without one.

    `named` is empty, a bundle's folder, or a place for images. A model without a release has no champion yet: the
    first run of a model needs no other settings than all later ones. The owner of the public key `required` must have
    signed what comes from a place. Raises DataRefused and BundleRefused, and what
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
    """The digest of the bundle in a folder. Raises DataRefused and BundleRefused."""
    where = f"CHAMPION {folder}"
    if not folder.is_dir():
        raise DataRefused(Fault(where, "is not a folder and not a place for images", FORMS, "champion-missing"))
    try:
        return load(folder).digest
    except BundleRefused as refusal:
        faults = (Fault(where, f"{fault.where}: {fault.found}", FORMS, fault.code) for fault in refusal.faults)
        raise BundleRefused(*faults) from refusal


def images_of(named: str, *, cache: Path) -> Publisher:
    """The place for images that is named. Raises DataRefused and PlaceRefused."""
    if named.startswith("oci:") and not Path(named.removeprefix("oci:")).is_dir():
        raise DataRefused(Fault(f"CHAMPION {named}", "is not a folder of images", FORMS, "champion-missing"))
    return publisher(named, cache=cache)


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
