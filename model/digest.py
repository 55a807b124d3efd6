"""The two ways in which documents write a SHA-256: bare, and as OCI writes it; and a reference that ends with one."""

import re
from typing import Annotated

from pydantic import Field

Sha256 = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
Digest = Annotated[str, Field(pattern=r"^sha256:[0-9a-f]{64}$")]
# Of an image, by its content: no push can change what it names.
BY_DIGEST = re.compile(r"[^@\s]+@sha256:[0-9a-f]{64}")
