"""From an address that a person writes to a store. The forms of a store are read here alone."""

import re
from pathlib import Path

from build.oci.redact import has_login, redacted
from build.oci.reference import HOST, REPOSITORY
from build.oci.store import ImageStore, StoreAddressError
from model.errors import Problem

SCHEMES = ("oci:", "registry:", "ecr:")
FORMS = "oci:FOLDER, registry://HOST/REPOSITORY or ecr://ACCOUNT.REGION/REPOSITORY"
REGISTRY = re.compile(rf"registry://(?P<host>{HOST})/(?P<repository>{REPOSITORY})")
ECR = re.compile(rf"ecr://(?P<account>\d{{12}})\.(?P<region>[a-z0-9-]+)/(?P<repository>{REPOSITORY})")


def names_store(text: str) -> bool:
    """Whether a store is meant, and not, for example, a folder."""
    return text.startswith(SCHEMES)


def open_store(address: str, *, cache: Path) -> ImageStore:
    """The store that `address` names. `cache` has the locks by which builders of one machine take turns.

    Raises StoreAddressError. Each store's libraries are imported here, so that one never burdens another.
    """
    if address.startswith("oci:") and len(address) > len("oci:"):
        from build.oci.layout import Layout

        return Layout(Path(address.removeprefix("oci:")))
    if match := REGISTRY.fullmatch(address):
        from build.oci.registry import registry_store

        return registry_store(match["host"], match["repository"], locks=cache / "locks")
    if match := ECR.fullmatch(address):
        from build.oci.ecr import EcrStore

        return EcrStore(match["account"], match["region"], match["repository"])
    if has_login(address):
        hint = f"Remove it, and run `docker login` for that host. Use {FORMS}"
        raise StoreAddressError(Problem(redacted(address), "holds a login", hint, "store-login"))
    raise StoreAddressError(Problem(address, "does not name an image store", f"Use {FORMS}", "store-unknown"))
