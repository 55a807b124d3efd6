"""A signature of the bundle by a key of one's own, made and checked without a network (model-signing).

It covers the bundle's files and nothing else may be among them. It lies beside the image: a signature by an elliptic
curve is another one each time, and the image's digest must follow from its content.
"""

import tempfile
from pathlib import Path
from typing import ClassVar

from build.publish import Attachment
from model.errors import Fault, Refused

MEDIA_TYPE = "application/vnd.dev.sigstore.bundle.v0.3+json"
MAKE = "Make one: openssl ecparam -name prime256v1 -genkey -noout -out key.pem"


class SignatureRefused(Refused):
    """No signature could be made, or it is not one of this bundle by this key."""

    heading: ClassVar[str] = "the signature was refused"


def sign(bundle: Path, key: Path) -> Attachment:
    """Sign with a private key in PEM, without a password. Raises SignatureRefused."""
    from model_signing import signing  # half a second, which those who do not sign need not wait

    if not key.is_file():
        raise SignatureRefused(Fault(f"key {key}", "is no file", MAKE, "key-missing"))
    with tempfile.TemporaryDirectory(prefix="kamado-sign-") as folder:
        written = Path(folder) / "signature"
        try:
            signing.Config().use_elliptic_key_signer(private_key=key).sign(bundle, written)
        except (ValueError, TypeError) as error:
            told = f"cannot sign ({_first(error)})"
            way_out = f"It has to be an elliptic key in PEM without a password. {MAKE}"
            raise SignatureRefused(Fault(f"key {key}", told, way_out, "key-unfit")) from error
        return Attachment(MEDIA_TYPE, written.read_bytes())


def check(bundle: Path, signature: bytes, key: Path) -> None:
    """Raises SignatureRefused unless the owner of this public key signed this very bundle."""
    from model_signing import verifying

    if not key.is_file():
        raise SignatureRefused(Fault(f"key {key}", "is no file", "Name the public key in PEM", "key-missing"))
    with tempfile.TemporaryDirectory(prefix="kamado-sign-") as folder:
        written = Path(folder) / "signature"
        written.write_bytes(signature)
        try:
            verifying.Config().use_elliptic_key_verifier(public_key=key).verify(bundle, written)
        except (ValueError, TypeError) as error:
            told = f"is not signed by {key} ({_first(error)})"
            way_out = "Fetch it again, or ask who released it for the right key"
            raise SignatureRefused(Fault(f"bundle {bundle}", told, way_out, "signature-broken")) from error


def _first(error: Exception) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0][:200]
