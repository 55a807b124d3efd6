"""A champion that is named, verified before a model is trained against it."""

from collections.abc import Mapping
from pathlib import Path

from build.oci.store_address import names_store
from build.release.releases import releases
from build.settings import cache_folder
from components.champion.champion import digest_of, store_of


def refuse_missing_champion(address: str, model: str, environ: Mapping[str, str]) -> None:
    """Raises what bringing the champion would raise: the address leads nowhere, or its bundle is damaged.

    Of a release its labels are read; its layer is not fetched. A store without a release of the model is accepted.
    """
    if names_store(address):
        releases(store_of(address, cache=cache_folder(environ)), model, newest=1)
    else:
        digest_of(Path(address))
