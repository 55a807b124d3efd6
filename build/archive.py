"""Reading archives that somebody else may have made."""

import tarfile
from collections.abc import Iterator

LARGEST_LAYER = 1 << 36  # bytes unpacked; no base that is of use has a layer of 64 GiB


def members(tar: tarfile.TarFile, *, most: int = LARGEST_LAYER) -> Iterator[tarfile.TarInfo]:
    """Every member. Raises tarfile.ReadError for one that ends behind byte `most`, by what its header says.

    To come to the end of a member, tarfile reads on long after the end of the file.
    """
    for member in tar:
        if tar.offset > most:
            raise tarfile.ReadError(f"it holds {member.name!r:.80}, which would end at byte {tar.offset:,}")
        yield member
