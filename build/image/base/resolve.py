"""Which base: the one asked for, else one made here, else none, and that is said."""

from pathlib import Path

from build.image.base.base import Base, BaseError, Report, empty_config
from build.image.base.blob_cache import Blobs
from build.image.base.build_base import build_base
from build.image.base.folder import folder_base
from build.image.base.registry import registry_base
from build.image.base.wheels import CannotMake
from build.oci.image import digest_of, dump
from model.errors import Problem

NONE = "none: this image holds the model alone and cannot start by itself"


def server_base(reference: str | None, *, cache: Path, report: Report) -> Base:
    """The base that `reference` names; without one, the best that this machine can make.

    Raises BaseError when what was asked for by name cannot be had, and when the cache cannot be written, which is no
    reason for another image. Where none can be made at all there is none, and that is no error.
    """
    if reference is None:
        try:
            return build_base(cache / "base", report=report)
        except CannotMake as reason:
            report(f"no base could be made here: {reason}")
        except OSError as error:
            # Not "no base": on a disk with room the same run makes one, and an image that can start.
            found = f"cannot be written ({error.strerror or error})"
            hint = "Free some space, set KAMADO_CACHE to another folder, or give a base as BASE_IMAGE"
            raise BaseError(Problem(f"cache {cache}", found, hint, "base-missing")) from error
        return Base("none", NONE, digest_of(dump(empty_config())), empty_config())
    if reference.startswith("oci:"):
        return folder_base(reference.removeprefix("oci:"))
    return registry_base(reference, blobs=Blobs(cache / "blobs"))
