"""What decides about a release: nothing gets a release tag that was not verified as a whole just before."""

from collections.abc import Callable, Sequence
from pathlib import Path

from build.oci.store import ImageStore
from build.oci.tempdir import refusing_without_room, scratch
from build.release.image_start import layers_of
from build.release.releases import Release, before, candidate, number_next
from build.release.verify_image import verify_image


def promote(
    store: ImageStore, model: str, image: str, *, keys: Sequence[Path] = (), report: Callable[[str], None]
) -> Release:
    """Release the image of this tag or digest under the next number. What is the newest release already stays it.

    `image` may also be the whole reference, STORE:TAG@DIGEST. The owner of each of `keys` has to have signed it. Raises
    ReleaseError for an image that is not there, or is of another model, OutputError when there is no room to unpack
    it, and what `verify_image` raises.
    """
    chosen = candidate(store, model, image)
    _refuse_lost_layers(store, chosen)
    with refusing_without_room(), scratch() as work:
        verify_image(store, chosen, work, keys=keys, report=report)
    return number_next(store, model, chosen)


def _refuse_lost_layers(store: ImageStore, image: Release) -> None:
    """Whoever deploys needs the base below the model too. Its layers are asked for and not read: a store that has lost
    one raises what it raises for a blob that is not there."""
    for digest in layers_of(store, image.digest):
        with store.blob(digest) as layer:
            layer.read(1)


def rollback(store: ImageStore, model: str, *, keys: Sequence[Path] = (), report: Callable[[str], None]) -> Release:
    """Release again what served just before what serves now; a second time, that is what served until then.

    Raises ReleaseError when nothing has, and what `promote` raises.
    """
    return promote(store, model, before(store, model).digest, keys=keys, report=report)
