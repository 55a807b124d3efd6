"""A champion that was named, looked at before a model is trained against it."""

from collections.abc import Mapping
from pathlib import Path

from build.release.releases import releases
from build.settings import cache_folder
from components.champion.champion import PLACES, digest_of, images_of


def refuse_missing_champion(named: str, model: str, environ: Mapping[str, str]) -> None:
    """Raises what bringing the champion would raise: the name leads nowhere, or its bundle is damaged.

    Of a release its labels are read; its layer is not fetched. A place without a release of the model is fine.
    """
    if not named.startswith(PLACES):
        digest_of(Path(named))
        return
    releases(images_of(named, cache=cache_folder(environ)), model, newest=1)
