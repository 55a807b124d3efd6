"""Which base: the one asked for, else one made here, else none, and that is said."""

from pathlib import Path

from build import oci
from build.base.blobs import Blobs
from build.base.folder import folder_base
from build.base.ground import Base, Report, empty_config
from build.base.libraries import CannotMake
from build.base.made import made_base
from build.base.registry import registry_base

NONE = "none: this image holds the model alone and cannot start by itself"


def server_base(reference: str | None, *, cache: Path, report: Report) -> Base:
    """The base that `reference` names; without one, the best that this machine can make.

    Raises BaseRefused when what was asked for by name cannot be had; what was not asked for is never an error.
    """
    if reference is None:
        try:
            return made_base(cache / "base", report=report)
        except CannotMake as reason:
            report(f"no base could be made here: {reason}")
        except OSError as error:
            report(f"no base could be made in {cache}: {error.strerror or error}")
        return Base("none", NONE, oci.digest_of(oci.dump(empty_config())), empty_config())
    if reference.startswith("oci:"):
        return folder_base(reference.removeprefix("oci:"))
    return registry_base(reference, blobs=Blobs(cache / "blobs"))
