"""A base image that was named, looked at before a model is trained for it."""

from collections.abc import Mapping

from build.__main__ import cache
from build.base.choose import server_base


def refuse_missing_base(reference: str, environ: Mapping[str, str]) -> None:
    """Raises what building on this base would raise: it cannot be read, or is not an image of a server.

    Its manifest and configuration are read, its layers are not.
    """
    server_base(reference, cache=cache(environ), report=lambda _: None)
