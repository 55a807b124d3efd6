"""The two ways in which documents write a SHA-256: bare, and as OCI writes it; and a reference that ends with one."""

import re
from typing import Annotated

from pydantic import Field

from model.errors import Problem

Sha256 = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
Digest = Annotated[str, Field(pattern=r"^sha256:[0-9a-f]{64}$")]
# Of an image, by its content: no push can change what it names.
BY_DIGEST = re.compile(r"[^@\s]+@sha256:[0-9a-f]{64}")


def digest_problem(where: str, image: str, code: str = "image-without-digest") -> Problem | None:
    """None for an image that is named by its digest."""
    if BY_DIGEST.fullmatch(image):
        return None
    problem = f"{image!r} is not named by digest" if image else "is missing"
    return Problem(where, problem, "Write it as REGISTRY/REPOSITORY@sha256:<64 hex digits>", code)
