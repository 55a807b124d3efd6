"""Which base: the one that is named, else one made here, else none."""

from pathlib import Path

from build.image.base.base import Base, BaseUnavailableError, ReportMessage, empty_config
from build.image.base.build_base import build_base
from build.image.base.wheels import CannotMake
from build.oci.image import digest_of
from model.errors import Problem

NONE = "none: this image holds the model alone and cannot start by itself"


def server_base(reference: str | None, *, cache: Path, report: ReportMessage) -> Base:
    """The base that `reference` names; without a reference, the best that this machine can make.

    Raises BaseError when a named base cannot be read, and when the cache cannot be written: with a writable cache the
    same run makes another image. A machine that cannot make a base gives the base of kind "none" and no error.
    """
    if reference is None:
        try:
            return build_base(cache, report=report)
        except CannotMake as reason:
            report(f"no base could be made here: {reason}")
        except OSError as error:
            # Not "no base": on a disk with room the same run makes one, and an image that can start.
            problem = f"cannot be written ({error.strerror or error})"
            hint = "Free some space, set KAMADO_CACHE to another folder, or give a base as BASE_IMAGE"
            raise BaseUnavailableError(Problem(f"cache {cache}", problem, hint, "base-missing")) from error
        return Base("none", NONE, digest_of(empty_config().data), empty_config())
    from build.image.base.named_base import folder_base, registry_base  # and with them the client of registries

    if reference.startswith("oci:"):
        return folder_base(reference.removeprefix("oci:"))
    return registry_base(reference, cache=cache / "blobs")
