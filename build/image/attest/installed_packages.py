"""What is installed in the layers of a base, read as a stream: packages of Debian, distributions of Python."""

import re
import tarfile
from collections.abc import Iterable
from dataclasses import dataclass, replace
from email.parser import Parser
from pathlib import PurePosixPath
from typing import Literal

from build.image.smoke_test.rootfs import ALL_GONE, WHITEOUT
from build.oci.archive import members_of
from build.oci.image import Blob

EDITION = 2  # counted up when the same layers give another list, so that no cached list of before is used
STATUS = re.compile(r"var/lib/dpkg/(?:status|status\.d/[^/]+)")
METADATA = re.compile(r".*\.dist-info/METADATA")
RELEASE = re.compile(r"(?:etc|usr/lib)/os-release")
LARGEST = 64 << 20  # bytes of one such file
ABSENT = ("not-installed", "config-files")  # last word of dpkg's status where no file of a package is left


@dataclass(frozen=True, order=True)
class InstalledPackage:
    """One package. `license` is as its makers wrote it, if they did; `release` is Debian's or Ubuntu's, "debian-12"."""

    kind: Literal["deb", "pypi"]
    name: str
    version: str
    license: str = ""
    release: str = ""


def installed_packages(layers: Iterable[Blob]) -> tuple[InstalledPackage, ...]:
    """Sorted, each once, as a container sees it: what an upper layer replaces or deletes is not there.

    Raises OSError and tarfile.TarError for a layer that cannot be read.
    """
    texts: dict[str, str] = {}
    for layer in layers:
        _lay(layer, texts)
    releases = (_release(text) for name, text in sorted(texts.items()) if RELEASE.fullmatch(name))
    release = next(filter(None, releases), "")
    packages: list[InstalledPackage] = []
    for name, text in texts.items():
        if STATUS.fullmatch(name):
            packages += (replace(package, release=release) for package in _debian(text))
        elif METADATA.fullmatch(name):
            packages += _python(text)
    # The same version installed twice is one component; of two, the one that has its license.
    return tuple({(package.kind, package.name, package.version): package for package in sorted(packages)}.values())


def _lay(layer: Blob, texts: dict[str, str]) -> None:
    """Add one more layer to `texts`: name -> text of the files that list packages."""
    own: dict[str, str] = {}
    for tar, member in members_of(layer):
        path = PurePosixPath(member.name.lstrip("/"))
        if path.name == ALL_GONE:
            _hide(texts, path.parent, itself=False)
        elif path.name.startswith(WHITEOUT):
            _hide(texts, path.parent / path.name.removeprefix(WHITEOUT))
        elif not member.isdir():
            _hide(texts, path)
            if member.isfile() and any(known.fullmatch(str(path)) for known in (STATUS, METADATA, RELEASE)):
                own[str(path)] = _read(tar, member)
    texts |= own


def _hide(texts: dict[str, str], path: PurePosixPath, *, itself: bool = True) -> None:
    inside = "" if path == PurePosixPath() else f"{path}/"
    for name in [name for name in texts if name.startswith(inside) or (itself and name == str(path))]:
        del texts[name]


def _read(tar: tarfile.TarFile, member: tarfile.TarInfo) -> str:
    if member.size > LARGEST:
        raise tarfile.ReadError(f"{member.name} has {member.size} bytes")
    file = tar.extractfile(member)
    assert file is not None  # isfile() was tested before
    return file.read().decode("utf-8", "replace")


def _release(text: str) -> str:
    """ID and VERSION_ID of os-release, as addresses of packages name them."""
    fields = dict(line.split("=", 1) for line in text.splitlines() if "=" in line)
    parts = (fields.get(key, "").strip().strip("\"'") for key in ("ID", "VERSION_ID"))
    return "-".join(part for part in parts if part)


def _debian(text: str) -> Iterable[InstalledPackage]:
    """Paragraphs of dpkg's status file; those of removed packages are left out."""
    for paragraph in text.strip().split("\n\n"):
        fields = Parser().parsestr(paragraph.strip(), headersonly=True)
        name, version, status = fields.get("Package"), fields.get("Version"), fields.get("Status", "installed")
        if name and version and status.strip().rpartition(" ")[2] not in ABSENT:
            yield InstalledPackage("deb", name, version)


def _python(text: str) -> Iterable[InstalledPackage]:
    """Core metadata. The older License field may be a whole text: one line of it is a name, more is left out."""
    fields = Parser().parsestr(text, headersonly=True)
    name, version = fields.get("Name"), fields.get("Version")
    if name and version:
        older = fields.get("License", "").strip()
        known = fields.get("License-Expression", "").strip() or ("" if "\n" in older or len(older) > 100 else older)
        yield InstalledPackage(
            "pypi", re.sub(r"[-_.]+", "-", name).lower(), version, "" if known == "UNKNOWN" else known
        )
