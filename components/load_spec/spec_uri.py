"""A spec named by a URI: `file:` for a file of this machine, `data:` for a spec that is compiled into the pipeline.

A spec with its query may be longer than one argument of a process may be (128 kB on Linux, in pods too), and its query
may hold the runner's own placeholders. As a file it has no bound; packed it is plain base64 that no runner reads.
"""

import base64
import binascii
import io
import lzma
import urllib.parse
from pathlib import Path

from model.errors import Problem, SpecError
from model.spec.types import Spec

# Not gzip: a name stands among the features and again in the query, further apart than gzip looks back.
PACKED = "data:application/x-xz;base64,"
MOST_PACKED = 100_000  # bytes of the URI: the step's other inputs share its one argument
MOST_UNPACKED = 64_000_000  # bytes: a packed spec may not fill the memory of a pod
FORMS = "Use file:///path/to/spec.json, or what `kamado compile` compiles in"


def packed(spec: Spec) -> str:
    """The spec as a `data:` URI, the same for the same spec. Raises SpecError when it is too long for an argument."""
    uri = PACKED + base64.b64encode(lzma.compress(spec.to_json().encode())).decode()
    if len(uri) > MOST_PACKED:
        problem = f"takes {len(uri):,} bytes when it is compiled in, of at most {MOST_PACKED:,}"
        hint = "Move the longest part of the query into a view, or train with fewer features"
        raise SpecError(Problem("spec", problem, hint, "spec-too-long"))
    return uri


def read(uri: str) -> bytes:
    """The JSON that `uri` names. Raises SpecError."""
    if uri.startswith(PACKED):
        return _unpacked(uri.removeprefix(PACKED))
    named = urllib.parse.urlsplit(uri)
    if named.scheme == "file" and not named.netloc:
        return _file(Path(urllib.parse.unquote(named.path)))
    raise SpecError(Problem(f"spec {uri[:80]!r}", "is not a URI that can be read here", FORMS, "spec-uri"))


def _unpacked(text: str) -> bytes:
    try:
        with lzma.open(io.BytesIO(base64.b64decode(text, validate=True))) as file:
            data = file.read(MOST_UNPACKED + 1)
    except (binascii.Error, lzma.LZMAError, EOFError) as error:
        problem = Problem("spec", f"is packed, but damaged ({error})", "Compile the pipeline again", "spec-damaged")
        raise SpecError(problem) from None
    if len(data) > MOST_UNPACKED:
        size = f"unpacks to more than {MOST_UNPACKED:,} bytes"
        raise SpecError(Problem("spec", size, "Compile the pipeline again", "spec-damaged"))
    return data


def _file(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        problem = f"cannot be read ({error.strerror})"
        raise SpecError(
            Problem(f"spec {path}", problem, "Name a file that the step may read", "spec-unreadable")
        ) from None
