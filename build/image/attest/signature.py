"""A signature of a bundle with its verdict by a key of one's own, made and checked without a network (model-signing).

It is one signature over the digests of all files of a folder, `bundle/` and `verdict.json`: neither can be exchanged,
and nothing else may be among them. It lies beside the image: a signature by an elliptic
curve is another one each time, and the image's digest must follow from its content.
"""

import contextlib
import functools
import io
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.types import PublicKeyTypes

from build.oci.store import Attachment
from model.errors import Fault, Refused

if TYPE_CHECKING:
    from model_signing import hashing

MEDIA_TYPE = "application/vnd.dev.sigstore.bundle.v0.3+json"
MAKE = (
    "It has to be an elliptic key in PEM without a password. "
    "Make one: openssl ecparam -name prime256v1 -genkey -noout -out key.pem"
)
TAKE = "It has to be the public key in PEM: openssl ec -in key.pem -pubout -out key.pub"


class SignatureRefused(Refused):
    """No signature could be made, or there is none of this bundle and verdict by this key."""

    heading: ClassVar[str] = "the signature was refused"


def sign(folder: Path, key: Path) -> Attachment:
    """Sign all files of the folder with a private key in PEM, without a password. Raises SignatureRefused."""
    from model_signing import signing  # half a second, which those who do not sign need not wait

    signer = signing.Config().set_hashing_config(_everything())
    _read_key(key, lambda: signer.use_elliptic_key_signer(private_key=key), MAKE)
    with tempfile.TemporaryDirectory(prefix="kamado-sign-") as work:
        written = Path(work) / "signature"
        try:
            signer.sign(folder, written)
        except (OSError, ValueError) as error:
            found = f"cannot be signed ({_first(error)})"
            raise SignatureRefused(Fault(f"bundle in {folder}", found, MAKE, "signature-broken")) from error
        return Attachment(MEDIA_TYPE, written.read_bytes())


def check(folder: Path, signature: bytes, key: Path) -> None:
    """Raises SignatureRefused unless the owner of this public key signed all files of this folder as they are."""
    from model_signing import verifying

    verifier = verifying.Config().set_hashing_config(_everything())
    _read_key(key, lambda: verifier.use_elliptic_key_verifier(public_key=key), TAKE)
    with tempfile.TemporaryDirectory(prefix="kamado-sign-") as work:
        written = Path(work) / "signature"
        written.write_bytes(signature)
        try:
            # The library warns of a signature that does not say whose it is, and goes on: on standard output.
            with contextlib.redirect_stdout(io.StringIO()) as warned:
                verifier.verify(folder, written)
            if warned.getvalue():
                raise ValueError("it does not say by which key it was made")
        # The signature comes from afar. It may be anything, and the library has no one error for what it cannot read.
        except Exception as error:
            told = f"is not signed by {key} ({_first(error)})"
            way_out = "Fetch it again, or ask who released it for the right key"
            raise SignatureRefused(Fault("bundle and verdict", told, way_out, "signature-broken")) from error


def refuse_unfit_keys(private: Path | None, public: Path | None) -> None:
    """Both keys, looked at before anything is made that they could not release. Raises SignatureRefused with all that
    is wrong: a key that is none, a required key without one to sign with, or two that do not belong together."""
    faults: list[Fault] = []
    for key, read, way_out in ((private, _as_signer, MAKE), (public, _as_verifier, TAKE)):
        try:
            if key is not None:
                _read_key(key, functools.partial(read, key), way_out)
        except SignatureRefused as refusal:
            faults += refusal.faults
    if not faults and public is not None:
        if private is None:
            raise unsigned(public, "Give its private key with --key or KAMADO_SIGNING_KEY")
        if _public_half(private) != _public(serialization.load_pem_public_key(public.read_bytes())):
            found, way_out = f"does not belong to {public}, which has to sign", "Sign with the private key of that one"
            faults.append(Fault(f"key {private}", found, way_out, "signature-broken"))
    if faults:
        raise SignatureRefused(*faults)


def _as_signer(key: Path) -> None:
    from model_signing import signing

    signing.Config().use_elliptic_key_signer(private_key=key)


def _as_verifier(key: Path) -> None:
    from model_signing import verifying

    verifying.Config().use_elliptic_key_verifier(public_key=key)


def check_any(folder: Path, signatures: Sequence[bytes], key: Path, *, image: str) -> None:
    """One signature by the owner of the key is enough: whoever may write to a place may add more."""
    _read_key(key, functools.partial(_as_verifier, key), TAKE)
    if not signatures:
        raise unsigned(key, f"Build {image} again with --key")
    faults: list[Fault] = []
    for signature in signatures:
        try:
            return check(folder, signature, key)
        except SignatureRefused as refusal:
            faults += refusal.faults
    raise SignatureRefused(*dict.fromkeys(faults))


def unsigned(key: Path, way_out: str) -> SignatureRefused:
    """The refusal of what has no signature where the owner of this public key has to have signed."""
    return SignatureRefused(Fault("bundle and verdict", f"are not signed; {key} has to", way_out, "signature-missing"))


def is_by(folder: Path, signature: bytes, key: Path) -> bool:
    """Whether the owner of this private key has signed all files of this folder as they are."""
    with tempfile.NamedTemporaryFile(prefix="kamado-key-") as public:
        public.write(_public_half(key))
        public.flush()
        try:
            check(folder, signature, Path(public.name))
        except SignatureRefused:
            return False
    return True


def _public_half(private: Path) -> bytes:
    return _public(serialization.load_pem_private_key(private.read_bytes(), None).public_key())


def _public(key: PublicKeyTypes) -> bytes:
    return key.public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)


def _everything() -> "hashing.Config":
    """Every file counts. The library would pass over git's own, and over those that a signature tells it to."""
    from model_signing import hashing

    class Everything(hashing.Config):
        def add_ignored_paths(self, **_: object) -> None:
            """No signature says what is not looked at."""

    return Everything().set_ignored_paths(paths=(), ignore_git_paths=False)


def _read_key(key: Path, read: Callable[[], object], way_out: str) -> None:
    try:
        if not key.is_file():
            raise SignatureRefused(Fault(f"key {key}", "is not a file", way_out, "key-missing"))
        read()
    # The library asks a key of another kind for its curve: an AttributeError.
    except (OSError, ValueError, TypeError, AttributeError, UnsupportedAlgorithm) as error:
        other = isinstance(error, AttributeError)
        told = f"does not fit ({'it is not an elliptic key' if other else _first(error)})"
        raise SignatureRefused(Fault(f"key {key}", told, way_out, "key-unfit")) from error


def _first(error: Exception) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0][:200]
