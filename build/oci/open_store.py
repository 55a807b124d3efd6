"""From the address of a store to the store."""

from pathlib import Path

from build.oci.store import ImageStore, StoreAddressError
from build.oci.store_address import ECR, REGISTRY, address_problem


def open_store(address: str, *, cache: Path) -> ImageStore:
    """The store that `address` names. `cache` has the locks by which builders of one machine take turns.

    Raises StoreAddressError. Each store's libraries are imported here, so that one never burdens another.
    """
    if problem := address_problem(address):
        raise StoreAddressError(problem)
    if match := REGISTRY.fullmatch(address):
        from build.oci.registry import registry_store

        return registry_store(match["host"], match["repository"], locks=cache / "locks")
    if match := ECR.fullmatch(address):
        from build.oci.ecr import EcrStore

        return EcrStore(match["account"], match["region"], match["repository"])
    from build.oci.layout import Layout

    return Layout(Path(address.removeprefix("oci:")))
