"""The model in service, which a new one has to beat: given as a bundle, or the newest release of a place for images."""

import shutil
from collections.abc import Callable, Sequence
from pathlib import Path

from build.fetch import fetch
from build.publish.place import publisher
from build.releases import releases
from model.bundle import FILES, load
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
    if not folder.is_dir():
        raise DataRefused(Fault(f"CHAMPION {named}", "is no folder and no place for images", FORMS))
    try:
        digest = load(folder).digest
    except BundleRefused as refusal:
        told = (Fault(f"CHAMPION {named}", f"{one.where}: {one.found}", FORMS, one.code) for one in refusal.faults)
        raise BundleRefused(*told) from refusal
    with new_folder(out) as temporary:
        (temporary / "bundle").mkdir()
        for name in FILES:
            shutil.copyfile(folder / name, temporary / "bundle" / name)
    report(f"bundle {digest}")
    return digest


def _released(
    named: str, model: str, out: Path, cache: Path, keys: Sequence[Path], report: Callable[[str], None]
) -> str | None:
    if named.startswith("oci:") and not Path(named.removeprefix("oci:")).is_dir():
        raise DataRefused(Fault(f"CHAMPION {named}", "is no folder of images", FORMS))
    place = publisher(named, cache=cache)
    found = next(iter(releases(place, model, newest=1)), None)
    if found is None:
        out.mkdir(parents=True)
        report(f"{model} has no release in {place.name} yet")
        return None
    digest = fetch(place, found, out, keys=keys, report=report)
    report(f"{found.tag}: bundle {digest}")
    return digest
