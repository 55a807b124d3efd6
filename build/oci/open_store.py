"""From what a person writes to a place."""

import re
from pathlib import Path

from build.oci.redact import has_login, redacted
from build.oci.reference import HOST, REPOSITORY
from build.oci.store import PlaceRefused, Publisher
from model.errors import Fault

FORMS = "Use oci:FOLDER, registry://HOST/REPOSITORY or ecr://ACCOUNT.REGION/REPOSITORY"
REGISTRY = re.compile(rf"registry://(?P<host>{HOST})/(?P<repository>{REPOSITORY})")
ECR = re.compile(rf"ecr://(?P<account>\d{{12}})\.(?P<region>[a-z0-9-]+)/(?P<repository>{REPOSITORY})")


def publisher(destination: str, *, cache: Path) -> Publisher:
    """The place that `destination` names. `cache` keeps the locks by which builders of one machine take turns.

    Raises PlaceRefused. Each place's libraries are imported here, so that one never burdens another.
    """
    if destination.startswith("oci:") and len(destination) > len("oci:"):
        from build.oci.layout import Layout

        return Layout(Path(destination.removeprefix("oci:")))
    if named := REGISTRY.fullmatch(destination):
        from build.oci.registry import registry_place

        return registry_place(named["host"], named["repository"], locks=cache / "locks")
    if named := ECR.fullmatch(destination):
        from build.oci.ecr import ecr_place

        return ecr_place(named["account"], named["region"], named["repository"])
    if has_login(destination):
        way_out = f"Leave it out, and run `docker login` for that host. {FORMS}"
        raise PlaceRefused(Fault(redacted(destination), "holds a login", way_out, "place-login"))
    raise PlaceRefused(Fault(destination, "does not name a place for images", FORMS, "place-unknown"))
