"""The checksum of a verdict: evaluate writes it, the gate compares it.

It finds a file that was damaged or edited by hand. It is not a signature: whoever can run this code can forge one.
"""

import hashlib
import json
from collections.abc import Mapping

from model.files import JSON

CHECKSUM = "sha256"  # the key in the document


def with_checksum(document: Mapping[str, JSON]) -> dict[str, JSON]:
    """The document with the checksum of all other keys."""
    return {**document, CHECKSUM: checksum_of(document)}


def checksum_of(document: Mapping[str, JSON]) -> str:
    """Hex SHA-256 of the document as compact JSON with sorted keys, without its checksum."""
    rest = {name: value for name, value in document.items() if name != CHECKSUM}
    return hashlib.sha256(json.dumps(rest, sort_keys=True, separators=(",", ":")).encode()).hexdigest()
