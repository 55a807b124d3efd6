"""A Python for Dockerfiles where no public one can be pulled: Debian's packages, unpacked as for a base without engine.

With the database of dpkg, so that a Dockerfile can remove packages and scanners can list them. Which packages it has
is decided once and cached: images change on purpose only.
"""

import re
from collections.abc import Iterator
from pathlib import Path

from build.image.base.apt import Apt, DebianPackage, refuse_without_apt
from build.image.base.base import ReportMessage
from build.image.base.deb import certificates, control_of, skeleton, unpack
from build.image.base.debian import PYTHON, release, resolved
from build.image.base.layer_cache import cached_layer, key_of, locked
from build.oci.layer import Layer, TarEntry

UNREAD = re.compile(r"usr/share/(?:doc/(?!.*/copyright$)|man/|info/|locale/|i18n/|lintian/).*")
USERS = "root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534:nobody:/nonexistent:/usr/sbin/nologin\n"
GROUPS = "root:x:0:\nnogroup:x:65534:\n"
DPKG = "var/lib/dpkg"


def debian_python(cache: Path, *, report: ReportMessage) -> Layer:
    """The file system, as an engine imports it. Raises CannotMake, and OSError when the cache cannot be written."""
    refuse_without_apt()
    with locked(cache):
        packages = resolved(cache, PYTHON)
        versions = "\n".join(f"{package.name} {package.version}" for package in packages)
        report(f"Python of {release()}, {len(packages)} packages")
        key = key_of("python", release(), versions)
        return cached_layer(cache / "layers", key, lambda scratch: python_root(scratch, packages))


def python_root(scratch: Path, packages: tuple[DebianPackage, ...]) -> Iterator[TarEntry]:
    """Every file of it. Raises CannotMake."""
    with Apt() as apt:
        archives = apt.download(packages, scratch)
    entries: dict[str, TarEntry] = {}
    installed = []
    for archive in archives:
        unpacked = scratch / archive.stem
        unpacked.mkdir()
        own = {entry.name: entry for entry in unpack(archive, unpacked, needed=_is_needed)}
        control = control_of(archive).decode()
        files = TarEntry(f"{DPKG}/info/{_listed_as(control)}.list", 0o644, data=_list_of(own))
        entries |= {**own, files.name: files}
        installed.append(control.replace("\n", "\nStatus: install ok installed\n", 1))
    yield certificates(entries)
    yield from entries.values()
    yield from skeleton(USERS, GROUPS)
    yield from (TarEntry(name, 0o755) for name in ("root", f"{DPKG}/updates", "var/cache", "var/log"))
    yield TarEntry("var/tmp", 0o1777)
    yield TarEntry(f"{DPKG}/info/format", 0o644, data=b"1\n")
    yield TarEntry(f"{DPKG}/status", 0o644, data="\n".join(installed).encode())


def _is_needed(name: str) -> bool:
    return not UNREAD.fullmatch(name)


def _listed_as(control: str) -> str:
    """The name that dpkg gives to the list of a package's files."""
    fields = dict(re.findall(r"^(Package|Architecture|Multi-Arch): (.*)$", control, re.MULTILINE))
    same = fields.get("Multi-Arch") == "same"
    return f"{fields['Package']}:{fields['Architecture']}" if same else fields["Package"]


def _list_of(entries: dict[str, TarEntry]) -> bytes:
    """Files and the folders above them, a line each, the folders first."""
    folders = {str(parent) for name in entries for parent in Path("/", name).parents} - {"/"}
    return "\n".join(["/.", *sorted({*folders, *(f"/{name}" for name in entries)}), ""]).encode()
