"""The base image and the keys that were named, looked at before a model is trained for them."""

from collections.abc import Mapping

from build.image.attest.signature import refuse_unfit_keys
from build.image.base.resolve import server_base
from build.settings import cache_folder, required_key, signing_key


def refuse_missing_base(reference: str, environ: Mapping[str, str]) -> None:
    """Raises what building on this base would raise: it cannot be read, or is not an image of a server.

    Its manifest and configuration are read, its layers are not.
    """
    server_base(reference, cache=cache_folder(environ), report=lambda _: None)


def refuse_wrong_keys(environ: Mapping[str, str]) -> None:
    """Raises what signing with these keys would raise: KAMADO_SIGNING_KEY and KAMADO_REQUIRE_KEY."""
    refuse_unfit_keys(signing_key(environ), required_key(environ))
