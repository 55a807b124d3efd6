"""The tag of an image says which model, how young its data, and which content; it never moves."""

import hashlib
from datetime import datetime

KEY_LENGTH = 12


def build_tag(model: str, *, cutoff: str, bundle: str, verdict: str, base: str) -> str:
    """`<model>-<data cut-off>-<content key>`; tags of one model sort by the age of their data.

    The key is over the digests of bundle, verdict and base, which are all that an image is made of: the same model,
    judged alike, on the same server has the same tag, always.
    """
    key = hashlib.sha256(f"{bundle}\n{verdict}\n{base}\n".encode()).hexdigest()[:KEY_LENGTH]
    return f"{model}-{datetime.fromisoformat(cutoff):%Y%m%dT%H%M%SZ}-{key}"
