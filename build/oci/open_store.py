"""From what a person writes to a place."""

import re
from pathlib import Path

from build.oci.redact import has_login, redacted
from build.oci.reference import HOST, REPOSITORY
from build.oci.store import ImageStore, StoreError
from model.errors import Problem

FORMS = "Use oci:FOLDER, registry://HOST/REPOSITORY or ecr://ACCOUNT.REGION/REPOSITORY"
REGISTRY = re.compile(rf"registry://(?P<host>{HOST})/(?P<repository>{REPOSITORY})")
ECR = re.compile(rf"ecr://(?P<account>\d{{12}})\.(?P<region>[a-z0-9-]+)/(?P<repository>{REPOSITORY})")


def open_store(destination: str, *, cache: Path) -> ImageStore:
    """The place that `destination` names. `cache` keeps the locks by which builders of one machine take turns.

    Raises StoreError. Each place's libraries are imported here, so that one never burdens another.
    """
    if destination.startswith("oci:") and len(destination) > len("oci:"):
        from build.oci.layout import Layout

        return Layout(Path(destination.removeprefix("oci:")))
    if named := REGISTRY.fullmatch(destination):
        from build.oci.registry import registry_store

        return registry_store(named["host"], named["repository"], locks=cache / "locks")
    if named := ECR.fullmatch(destination):
        from build.oci.ecr import ecr_store

        return ecr_store(named["account"], named["region"], named["repository"])
    if has_login(destination):
        hint = f"Leave it out, and run `docker login` for that host. {FORMS}"
        raise StoreError(Problem(redacted(destination), "holds a login", hint, "place-login"))
    raise StoreError(Problem(destination, "does not name a place for images", FORMS, "place-unknown"))
