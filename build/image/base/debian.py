"""Which packages of Debian are used, at which versions: resolved once by apt and cached, so that bases do not drift."""

import json
import re
from dataclasses import asdict, dataclass
from pathlib import Path

from build.image.base.apt import Apt, DebianPackage, run
from model.files import write_json


@dataclass(frozen=True)
class PackageSet:
    """Packages by name, with all that they depend on but what `left_out` matches; `name` is that of the cached file."""

    name: str
    packages: tuple[str, ...]
    left_out: re.Pattern[str]


# Debian's Python alone: no shell, no package manager. Left out is what only tools, scripts and modules need that no
# server imports.
SERVER = PackageSet(
    "packages",
    ("python3-minimal", "libpython3-stdlib", "libstdc++6", "ca-certificates", "base-files"),
    re.compile(
        r"debconf.*|dpkg|tar|openssl|perl-base|libperl.*|mawk|libacl1|libmd0|libselinux1|libpcre.*|libdb5.*|libnsl2|libtirpc.*"
        r"|libkrb5.*|libk5crypto3|libkrb5support0|libgssapi.*|libcom-err2|libkeyutils1|libreadline.*|readline-common"
        r"|libncursesw6|libtinfo6|media-types|install-info|bash|dash|coreutils|debianutils|sensible-utils|gcc-\d+-base|libaudit.*"
        r"|libcap.*|login|passwd|libpam.*|libsemanage.*|libsepol.*|base-passwd|libattr1|libgmp.*|libsystemd.*|libgdbm.*"
        r"|netbase|tzdata|libjs-.*|libgpm.*|cdebconf|libdebian.*|libtext.*|libnewt.*|libslang.*"
    ),
)
# A Python for Dockerfiles: with pip, a shell and the tools of their RUN lines, dpkg's among them.
PYTHON = PackageSet(
    "python-packages",
    (
        *("python3", "python3-venv", "python3-pip", "ca-certificates", "base-files", "libc-bin", "libstdc++6"),
        *("dash", "coreutils", "findutils", "diffutils", "grep", "sed", "tar", "dpkg"),
    ),
    re.compile(r"debconf.*|perl-base|media-types"),
)


def release() -> str:
    """Which Debian or Ubuntu this is, for a key: its own name and the processor."""
    lines = Path("/etc/os-release").read_text("utf-8").splitlines()
    fields = dict(line.split("=", 1) for line in lines if "=" in line)
    machine = run("dpkg", "--print-architecture").decode()
    return "-".join(fields.get(key, "").strip('"') for key in ("ID", "VERSION_ID")) + f"-{machine.strip()}"


def resolved(folder: Path, chosen: PackageSet) -> tuple[DebianPackage, ...]:
    """The packages of the set: as cached in `folder`, else as apt resolves them now. Raises CannotMake."""
    file = folder / f"{chosen.name}-{release()}.json"
    try:
        return tuple(DebianPackage(**fields) for fields in json.loads(file.read_bytes()))
    except (OSError, ValueError, TypeError):
        pass
    with Apt() as apt:
        closure = apt.closure(chosen.packages)
    packages = tuple(package for package in closure if not chosen.left_out.fullmatch(package.name))
    folder.mkdir(parents=True, exist_ok=True)
    write_json(file, [asdict(package) for package in packages])
    return packages
