"""Files of Debian packages in one merged file system. None of the scripts of a package is run."""

import shutil
import subprocess
import tarfile
from collections.abc import Callable, Iterator
from pathlib import Path, PurePosixPath

from build.image.base.apt import run
from build.image.base.wheels import CannotMake
from build.oci.layer import TarEntry

MERGED = ("bin", "sbin", "lib", "lib64")  # links into usr, as Debian has had them since 12
AUTHORITIES = "usr/share/ca-certificates/"
CERTIFICATES = "etc/ssl/certs/ca-certificates.crt"


def unpack(archive: Path, target: Path, *, needed: Callable[[str], bool]) -> Iterator[TarEntry]:
    """The needed files and links of one package under their merged names; `target` takes the content.

    Raises CannotMake for a damaged archive, or one with devices or hard links.
    """
    with subprocess.Popen(["dpkg-deb", "--fsys-tarfile", str(archive)], stdout=subprocess.PIPE) as child:
        with tarfile.open(fileobj=child.stdout, mode="r|") as tar:
            for number, member in enumerate(tar):
                name = merged(member.name)
                if member.isdir() or not needed(name):
                    continue
                if member.issym():
                    yield TarEntry(name, link=member.linkname)
                    continue
                if not member.isreg() or (source := tar.extractfile(member)) is None:
                    raise CannotMake(f"{archive.name} holds {member.name} as a kind of file that is not expected")
                path = target / str(number)
                with path.open("wb") as file:
                    shutil.copyfileobj(source, file)
                yield TarEntry(name, 0o755 if member.mode & 0o100 else 0o644, data=path)
    if child.returncode != 0:
        raise CannotMake(f"dpkg-deb cannot read {archive.name}")


def control_of(archive: Path) -> bytes:
    """The control fields, as dpkg's status file has them."""
    return run("dpkg-deb", "--field", str(archive))


def merged(name: str) -> str:
    """The name in a file system where bin, sbin and lib are links into usr."""
    path = PurePosixPath("/", name).relative_to("/")
    return f"usr/{path}" if path.parts and path.parts[0] in MERGED else str(path)


def certificates(entries: dict[str, TarEntry]) -> TarEntry:
    """The file of all authorities, which the script of ca-certificates would write."""
    authorities = [entry for name, entry in sorted(entries.items()) if name.startswith(AUTHORITIES)]
    return TarEntry(CERTIFICATES, 0o644, data=b"".join(_content(entry) for entry in authorities))


def skeleton(users: str, groups: str) -> Iterator[TarEntry]:
    """What no package has: the merged folders, users and groups, and folders for temporary files and mounts."""
    for name in MERGED:
        yield TarEntry(name, link=f"usr/{name}")
        yield TarEntry(f"usr/{name}", 0o755)
    yield TarEntry("etc/passwd", 0o644, data=users.encode())
    yield TarEntry("etc/group", 0o644, data=groups.encode())
    yield TarEntry("tmp", 0o1777)
    for name in ("dev", "proc", "sys", "run"):
        yield TarEntry(name, 0o755)


def _content(entry: TarEntry) -> bytes:
    return entry.data.read_bytes() if isinstance(entry.data, Path) else entry.data or b""
