"""What is installed in the layers of a base, read as a stream: packages of Debian, distributions of Python."""

import re
import tarfile
from collections.abc import Iterable
from dataclasses import dataclass
from email.parser import Parser
from typing import Literal

from build import oci

STATUS = re.compile(r"var/lib/dpkg/(?:status|status\.d/[^/]+)")
METADATA = re.compile(r".*\.dist-info/METADATA")
LARGEST = 64 << 20  # bytes of one such file


@dataclass(frozen=True, order=True)
class Installed:
    """One package. `license` is as its makers wrote it, if they did."""

    kind: Literal["deb", "pypi"]
    name: str
    version: str
    license: str = ""


def installed(layers: Iterable[oci.Blob]) -> tuple[Installed, ...]:
    """Sorted, each once. Raises OSError and tarfile.TarError for a layer that cannot be read."""
    found: set[Installed] = set()
    for layer in layers:
        with layer.open() as source, tarfile.open(fileobj=source, mode="r|*") as tar:
            for member in tar:
                name = member.name.removeprefix("./")
                known = _debian if STATUS.fullmatch(name) else _python if METADATA.fullmatch(name) else None
                if known is None or not member.isfile() or member.size > LARGEST:
                    continue
                file = tar.extractfile(member)
                assert file is not None  # isfile() was asked above
                found.update(known(file.read().decode("utf-8", "replace")))
    return tuple(sorted(found))


def _debian(text: str) -> Iterable[Installed]:
    """Paragraphs of dpkg's status file; those of removed packages are left out."""
    for paragraph in text.strip().split("\n\n"):
        fields = Parser().parsestr(paragraph.strip(), headersonly=True)
        name, version, status = fields.get("Package"), fields.get("Version"), fields.get("Status", "installed")
        if name and version and status.endswith("installed") and not status.endswith("not-installed"):
            yield Installed("deb", name, version)


def _python(text: str) -> Iterable[Installed]:
    """Core metadata 2.1 and newer; a classifier's license is no license expression and is not taken for one."""
    fields = Parser().parsestr(text, headersonly=True)
    name, version = fields.get("Name"), fields.get("Version")
    if name and version:
        yield Installed("pypi", re.sub(r"[-_.]+", "-", name).lower(), version, fields.get("License-Expression", ""))
