"""The base image, the keys and the image store that were named, looked at before a model is trained for them."""

from collections.abc import Mapping

from build.oci.store_address import FORMS
from build.settings import cache_folder, required_key, signing_key
from model.digest import BY_DIGEST
from model.errors import Problems, UsageError


def refuse_missing_base(reference: str, environ: Mapping[str, str]) -> None:
    """Raises what building on this base would raise: it cannot be read, or is not an image of a server.

    Its manifest and configuration are read, its layers are not.
    """
    from build.image.base.resolve import server_base  # imported where it is asked for: each takes tenths of a second

    server_base(reference, cache=cache_folder(environ), report=lambda _: None)


def refuse_wrong_keys(environ: Mapping[str, str]) -> None:
    """Raises what signing with these keys would raise: KAMADO_SIGNING_KEY and KAMADO_REQUIRE_KEY."""
    key, required = signing_key(environ), required_key(environ)
    if key or required:
        from build.image.attest.signature import refuse_unfit_keys

        refuse_unfit_keys(key, required)


def refuse_missing_store(destination: str, model: str, environ: Mapping[str, str]) -> None:
    """Raises what opening and asking this image store raises. Nothing is written, and a missing repository is none."""
    from build.oci.open_store import open_store

    open_store(destination, cache=cache_folder(environ)).resolve(f"{model}-rel-000001")


def refuse_lost_in_a_pod(base: str, destination: str) -> None:
    """What works on one machine and not in a pod: an image in a folder is lost with it, a base made there is another
    one in each run. Raises UsageError."""
    problems = Problems()
    if not destination:
        problems.add("destination", "is missing", f"Name an image store: {FORMS}", "destination-missing")
    elif destination.startswith("oci:"):
        hint = "Name a registry: registry://HOST/REPOSITORY or ecr://ACCOUNT.REGION/REPOSITORY"
        problems.add(f"destination {destination}", "is a folder of a pod, and lost with it", hint, "destination-pod")
    if not BY_DIGEST.fullmatch(base):
        problem = f"{base!r} does not name an image by digest" if base else "is missing"
        hint = "Compile the pipeline with a server base as REGISTRY/REPOSITORY@sha256:…"
        problems.add("base", problem, hint, "base-without-digest")
    problems.raise_if_any(UsageError)
