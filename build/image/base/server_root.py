"""The lowest layer of a server base: Debian's Python and what it needs, without package manager and shell."""

import re
from collections.abc import Iterator
from pathlib import Path

from build.image.base.apt import Apt, DebianPackage
from build.image.base.deb import AUTHORITIES, certificates, control_of, skeleton, unpack
from build.oci.layer import TarEntry

UNREAD = re.compile(
    r"usr/share/(?!ca-certificates/|zoneinfo/).*|usr/(s?bin|games)/(?!python3).*|etc/(?!python3|os-release).*|var/.*"
    r"|usr/lib/(?:python3(?:\.\d+)?/)(?:ensurepip|idlelib|lib2to3|pydoc_data|test|tkinter|turtledemo|unittest/test)/.*"
    r"|usr/lib/python3\.\d+/lib-dynload/(?:_curses|_dbm|_gdbm|nis|readline|_tkinter|_test|_ctypes_test|xxlimited).*"
    r"|usr/lib/(?:valgrind|mime|systemd|tmpfiles\.d|sasl2|x86_64-linux-gnu/gconv)/.*|(usr/)?lib/.*/gconv/.*|.*/engines-3/.*"
)
USERS = "root:x:0:0:root:/root:/usr/sbin/nologin\nkamado:x:65532:65532:kamado:/nonexistent:/usr/sbin/nologin\n"
GROUPS = "root:x:0:\nkamado:x:65532:\n"


def server_root(scratch: Path, packages: tuple[DebianPackage, ...]) -> Iterator[TarEntry]:
    """Every file of the layer. Raises CannotMake."""
    with Apt() as apt:
        archives = apt.download(packages, scratch)
    entries: dict[str, TarEntry] = {}
    for archive in archives:
        unpacked = scratch / archive.stem
        unpacked.mkdir()
        entries |= {entry.name: entry for entry in unpack(archive, unpacked, needed=_is_read)}
        status = f"var/lib/dpkg/status.d/{archive.name.split('_')[0]}"  # where scanners of small images look
        entries[status] = TarEntry(status, 0o644, data=control_of(archive))
    yield certificates(entries)
    yield from (entry for name, entry in entries.items() if not name.startswith(AUTHORITIES))
    yield from skeleton(USERS, GROUPS)


def _is_read(name: str) -> bool:
    return not UNREAD.fullmatch(name)
