"""What binds a verdict to its own words: evaluate writes it, the gate compares it.

It finds a file that was damaged or edited by hand. It is no signature: whoever can run this code can forge one.
"""

import hashlib
import json
from collections.abc import Mapping
from typing import Any

SEAL = "sha256"


def sealed(verdict: Mapping[str, Any]) -> dict[str, Any]:
    """The verdict with the digest of all else that it says."""
    return {**verdict, SEAL: seal_of(verdict)}


def seal_of(verdict: Mapping[str, Any]) -> str:
    """Hex SHA-256 of the verdict as compact JSON with sorted keys, without its seal."""
    said = {name: value for name, value in verdict.items() if name != SEAL}
    return hashlib.sha256(json.dumps(said, sort_keys=True, separators=(",", ":")).encode()).hexdigest()
