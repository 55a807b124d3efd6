"""A signature of a bundle with its verdict by the user's own key, made and checked without a network (model-signing).

It is one signature over the digests of all files of a folder, `bundle/` and `verdict.json`: neither can be exchanged,
and no other file may be among them. It is attached to the image and not in it: a signature by an elliptic curve is
another one each time, and the image's digest must follow from its content.
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
from model.errors import KamadoError, Problem

if TYPE_CHECKING:
    from model_signing import hashing

MEDIA_TYPE = "application/vnd.dev.sigstore.bundle.v0.3+json"
MAKE = (
    "It has to be an elliptic key in PEM without a password. "
    "Make one: openssl ecparam -name prime256v1 -genkey -noout -out key.pem"
)
TAKE = "It has to be the public key in PEM: openssl ec -in key.pem -pubout -out key.pub"


class SignatureError(KamadoError):
    """No signature could be made, or there is none of this bundle and verdict by this key."""

    heading: ClassVar[str] = "the signature was refused"


def sign(folder: Path, key: Path) -> Attachment:
    """Sign all files of the folder with a private key in PEM, without a password. Raises SignatureError."""
    from model_signing import signing  # takes half a second, which only a build that signs needs

    signer = signing.Config().set_hashing_config(_everything())
    _read_key(key, lambda: signer.use_elliptic_key_signer(private_key=key), MAKE)
    with tempfile.TemporaryDirectory(prefix="kamado-sign-") as work:
        written = Path(work) / "signature"
        try:
            signer.sign(folder, written)
        except (OSError, ValueError) as error:
            problem = f"cannot be signed ({_first(error)})"
            raise SignatureError(Problem(f"bundle in {folder}", problem, MAKE, "signature-broken")) from error
        return Attachment(MEDIA_TYPE, written.read_bytes())


def check(folder: Path, signature: bytes, key: Path) -> None:
    """Raises SignatureError unless the owner of this public key signed all files of this folder as they are."""
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
        # The signature was downloaded: it may be any bytes, and the library has no one error for such.
        except Exception as error:
            problem = f"is not signed by {key} ({_first(error)})"
            hint = "Fetch it again, or ask who released it for the right key"
            raise SignatureError(Problem("bundle and verdict", problem, hint, "signature-broken")) from error


def refuse_unfit_keys(private: Path | None, public: Path | None) -> None:
    """Check both keys before anything is built that they could not release.

    Raises SignatureError with every problem: an unfit key, a required key without one to sign with, or two keys that do
    not belong together.
    """
    problems: list[Problem] = []
    for key, read, hint in ((private, _as_signer, MAKE), (public, _as_verifier, TAKE)):
        try:
            if key is not None:
                _read_key(key, functools.partial(read, key), hint)
        except SignatureError as refusal:
            problems += refusal.problems
    if not problems and public is not None:
        if private is None:
            raise unsigned(public, "Give its private key with --key or KAMADO_SIGNING_KEY")
        if _public_half(private) != _public(serialization.load_pem_public_key(public.read_bytes())):
            problem = f"does not belong to {public}, which has to sign"
            hint = "Sign with the private key of that one"
            problems.append(Problem(f"key {private}", problem, hint, "signature-broken"))
    if problems:
        raise SignatureError(*problems)


def _as_signer(key: Path) -> None:
    from model_signing import signing

    signing.Config().use_elliptic_key_signer(private_key=key)


def _as_verifier(key: Path) -> None:
    from model_signing import verifying

    verifying.Config().use_elliptic_key_verifier(public_key=key)


def check_any(folder: Path, signatures: Sequence[bytes], key: Path, *, image: str) -> None:
    """One signature by the owner of the key is enough: anyone who may write to a store may add more.

    Raises SignatureError when no signature is.
    """
    _read_key(key, functools.partial(_as_verifier, key), TAKE)
    if not signatures:
        raise unsigned(key, f"Build {image} again with --key")
    problems: list[Problem] = []
    for signature in signatures:
        try:
            return check(folder, signature, key)
        except SignatureError as refusal:
            problems += refusal.problems
    raise SignatureError(*dict.fromkeys(problems))


def unsigned(key: Path, hint: str) -> SignatureError:
    """The refusal of what has no signature where the owner of this public key has to have signed."""
    return SignatureError(Problem("bundle and verdict", f"are not signed; {key} has to", hint, "signature-missing"))


def is_by(folder: Path, signature: bytes, key: Path) -> bool:
    """Whether the owner of this private key has signed all files of this folder as they are."""
    with tempfile.NamedTemporaryFile(prefix="kamado-key-") as public:
        public.write(_public_half(key))
        public.flush()
        try:
            check(folder, signature, Path(public.name))
        except SignatureError:
            return False
    return True


def _public_half(private: Path) -> bytes:
    return _public(serialization.load_pem_private_key(private.read_bytes(), None).public_key())


def _public(key: PublicKeyTypes) -> bytes:
    return key.public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)


def _everything() -> "hashing.Config":
    """Every file is hashed. The library would leave out git's own, and those that a signature names."""
    from model_signing import hashing

    class Everything(hashing.Config):
        def add_ignored_paths(self, **_: object) -> None:
            """No signature decides what is left out."""

    return Everything().set_ignored_paths(paths=(), ignore_git_paths=False)


def _read_key(key: Path, read: Callable[[], object], hint: str) -> None:
    try:
        if not key.is_file():
            raise SignatureError(Problem(f"key {key}", "is not a file", hint, "key-missing"))
        read()
    # The library asks a key of another kind for its curve: an AttributeError.
    except (OSError, ValueError, TypeError, AttributeError, UnsupportedAlgorithm) as error:
        other = isinstance(error, AttributeError)
        problem = f"does not fit ({'it is not an elliptic key' if other else _first(error)})"
        raise SignatureError(Problem(f"key {key}", problem, hint, "key-unfit")) from error


def _first(error: Exception) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0][:200]
