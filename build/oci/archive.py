"""Reading archives that somebody else may have written."""

import gzip
import tarfile
from collections.abc import Iterator
from io import BufferedReader
from typing import BinaryIO, cast

from isal import igzip, igzip_lib

from build.oci.hashing_reader import HashingReader
from build.oci.image import Blob

LARGEST_LAYER = 1 << 36  # bytes unpacked; no base that is of use has a layer of 64 GiB
GZIP = b"\x1f\x8b"
BUFFER = 1 << 16  # for each header tarfile copies what is left of it


def members(tar: tarfile.TarFile, *, most: int = LARGEST_LAYER) -> Iterator[tarfile.TarInfo]:
    """Every member. Raises tarfile.ReadError for one that ends behind byte `most`, by what its header says.

    To come to the end of a member, tarfile reads on long after the end of the file.
    """
    for member in tar:
        if tar.offset > most:
            raise tarfile.ReadError(f"it holds {member.name!r:.80}, which would end at byte {tar.offset:,}")
        yield member


def members_of(layer: Blob) -> Iterator[tuple[tarfile.TarFile, tarfile.TarInfo]]:
    """Every member of a layer, with the archive that it is read from, in one pass.

    Raises tarfile.TarError for a layer that cannot be read, or is not what its digest says, which is known at its end.
    """
    with layer.open() as source:
        reader = HashingReader(source)
        try:
            with tarfile.open(fileobj=_inflated(reader.buffered()), mode="r|*", bufsize=BUFFER) as tar:
                for member in members(tar):
                    yield tar, member
        except (EOFError, gzip.BadGzipFile, igzip_lib.IsalError) as error:  # type: ignore[misc]  # it is a class
            raise tarfile.ReadError(str(error)) from error
        if reader.digest() != layer.digest:
            raise tarfile.ReadError(f"it is {reader.digest()}")


def _inflated(data: BufferedReader) -> BinaryIO:
    """gzip, which nearly every layer is, read by the quicker library; tarfile knows the other ways."""
    # isal types its classes, and not their making.
    return cast(BinaryIO, igzip.IGzipFile(fileobj=data)) if data.peek(2)[:2] == GZIP else data  # type: ignore[no-untyped-call]
