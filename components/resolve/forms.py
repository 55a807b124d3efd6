"""How a champion may be named: as a bundle's folder, or as an image store, whose forms `build` defines."""

from build.oci.store_address import FORMS as STORES
from build.oci.store_address import address_problem, names_store

__all__ = ["FORMS", "address_problem", "names_store"]

FORMS = f"Use a bundle's folder, {STORES}"
