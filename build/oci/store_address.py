"""The address of a store as a person writes it. Its forms are read here alone, and without any store's libraries."""

import re

from build.oci.redact import has_login, redacted
from build.oci.reference import HOST, REPOSITORY
from model.errors import Problem

SCHEMES = ("oci:", "registry:", "ecr:")
FORMS = "oci:FOLDER, registry://HOST/REPOSITORY or ecr://ACCOUNT.REGION/REPOSITORY"
LAYOUT = re.compile(r"oci:(?P<folder>.+)", re.DOTALL)
REGISTRY = re.compile(rf"registry://(?P<host>{HOST})/(?P<repository>{REPOSITORY})")
ECR = re.compile(rf"ecr://(?P<account>\d{{12}})\.(?P<region>[a-z0-9-]+)/(?P<repository>{REPOSITORY})")


def names_store(text: str) -> bool:
    """Whether a store is meant, also one that does not exist, and not, for example, a folder."""
    return text.startswith(SCHEMES) or "://" in text


def address_problem(address: str) -> Problem | None:
    """What is wrong with the address of a store; whether there is such a store is not looked at."""
    if any(form.fullmatch(address) for form in (LAYOUT, REGISTRY, ECR)):
        return None
    if has_login(address):
        hint = f"Remove it, and run `docker login` for that host. Use {FORMS}"
        return Problem(redacted(address), "holds a login", hint, "store-login")
    return Problem(address, "does not name an image store", f"Use {FORMS}", "store-unknown")
