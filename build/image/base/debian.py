"""The lowest layer of a made base: Debian's Python and what it needs, without a package manager and without a shell.

Packages are resolved and verified by apt with folders of its own, and unpacked; none of their scripts is run, so this
needs no privilege and touches nothing of the machine. What was resolved once is kept: the base changes on purpose only.
"""

import json
import os
import re
import shutil
import subprocess
import tarfile
import tempfile
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path, PurePosixPath
from urllib.parse import unquote

from build.image.base.wheels import CannotMake
from build.oci.layer import TarEntry
from model.files import write_json

WANTED = ("python3-minimal", "libpython3-stdlib", "libstdc++6", "ca-certificates", "base-files")
# Needed by tools and scripts that are left out, or by modules of Python that no server imports.
LEFT_OUT = re.compile(
    r"debconf.*|dpkg|tar|openssl|perl-base|libperl.*|mawk|libacl1|libmd0|libselinux1|libpcre.*|libdb5.*|libnsl2|libtirpc.*"
    r"|libkrb5.*|libk5crypto3|libkrb5support0|libgssapi.*|libcom-err2|libkeyutils1|libreadline.*|readline-common"
    r"|libncursesw6|libtinfo6|media-types|install-info|bash|dash|coreutils|debianutils|sensible-utils|gcc-\d+-base|libaudit.*"
    r"|libcap.*|login|passwd|libpam.*|libsemanage.*|libsepol.*|base-passwd|libattr1|libgmp.*|libsystemd.*|libgdbm.*"
    r"|netbase|tzdata|libjs-.*|libgpm.*|cdebconf|libdebian.*|libtext.*|libnewt.*|libslang.*"
)
UNREAD = re.compile(
    r"usr/share/(?!ca-certificates/|zoneinfo/).*|usr/(s?bin|games)/(?!python3).*|etc/(?!python3|os-release).*|var/.*"
    r"|usr/lib/(?:python3(?:\.\d+)?/)(?:ensurepip|idlelib|lib2to3|pydoc_data|test|tkinter|turtledemo|unittest/test)/.*"
    r"|usr/lib/python3\.\d+/lib-dynload/(?:_curses|_dbm|_gdbm|nis|readline|_tkinter|_test|_ctypes_test|xxlimited).*"
    r"|usr/lib/(?:valgrind|mime|systemd|tmpfiles\.d|sasl2|x86_64-linux-gnu/gconv)/.*|(usr/)?lib/.*/gconv/.*|.*/engines-3/.*"
)
MERGED = ("bin", "sbin", "lib", "lib64")  # links into usr, as Debian has had them since 12
CERTIFICATES = "etc/ssl/certs/ca-certificates.crt"
USERS = "root:x:0:0:root:/root:/usr/sbin/nologin\nkamado:x:65532:65532:kamado:/nonexistent:/usr/sbin/nologin\n"
GROUPS = "root:x:0:\nkamado:x:65532:\n"


@dataclass(frozen=True)
class Package:
    name: str
    version: str


def refuse_impossible() -> None:
    """Raises CannotMake where apt is missing."""
    for tool in ("apt-get", "dpkg-deb", "dpkg"):
        if shutil.which(tool) is None:
            raise CannotMake(f"{tool} is not on this machine, which is not a Debian or Ubuntu")


def release() -> str:
    """Which Debian or Ubuntu this is, for a key: its own name and the processor."""
    told = Path("/etc/os-release").read_text("utf-8")
    fields = dict(line.split("=", 1) for line in told.splitlines() if "=" in line)
    machine = _output("dpkg", "--print-architecture").decode()
    return "-".join(fields.get(key, "").strip('"') for key in ("ID", "VERSION_ID")) + f"-{machine.strip()}"


def resolved(folder: Path) -> tuple[Package, ...]:
    """The packages of the base: as resolved before in `folder`, else by apt now. Raises CannotMake."""
    kept = folder / f"packages-{release()}.json"
    try:
        return tuple(Package(**one) for one in json.loads(kept.read_bytes()))
    except (OSError, ValueError, TypeError):
        pass
    with Apt() as apt:
        packages = apt.closure()
    folder.mkdir(parents=True, exist_ok=True)
    write_json(kept, [asdict(package) for package in packages])
    return packages


class Apt:
    """apt with its own state and cache in a scratch folder, and this machine's sources and keys."""

    def __enter__(self) -> "Apt":
        self.folder = Path(tempfile.mkdtemp(prefix="kamado-apt-"))
        for part in ("cache/archives/partial", "lists/partial"):
            (self.folder / part).mkdir(parents=True)
        (self.folder / "status").touch()
        self.options = {
            "Dir::State::status": str(self.folder / "status"),
            "Dir::Cache": str(self.folder / "cache"),
            "APT::Sandbox::User": "root",
            "APT::Install-Recommends": "false",
            "Acquire::Retries": "3",
        }
        return self

    def __exit__(self, *_: object) -> None:
        shutil.rmtree(self.folder, ignore_errors=True)

    def closure(self) -> tuple[Package, ...]:
        """WANTED and all that it needs, without what is left out; with fresh lists where this machine's do not do."""
        done = self._get("install", "--print-uris", *WANTED)
        if done.returncode != 0:
            self._update()
            done = self._get("install", "--print-uris", *WANTED)
        if done.returncode != 0:
            raise CannotMake(f"apt-get cannot resolve Debian's Python ({_last(done.stderr)})")
        names = re.findall(r"^'\S+' (\S+)_(\S+)_[a-z0-9]+\.deb ", done.stdout, re.MULTILINE)
        packages = (Package(name, unquote(version)) for name, version in names if not LEFT_OUT.fullmatch(name))
        return tuple(sorted(packages, key=lambda package: package.name))

    def download(self, packages: tuple[Package, ...], target: Path) -> list[Path]:
        """The .deb files, verified by apt against the signed lists."""
        wanted = [f"{package.name}={package.version}" for package in packages]
        done = self._get("download", *wanted, cwd=target)
        if done.returncode != 0:
            self._update()  # the mirror has moved on since this machine looked
            done = self._get("download", *wanted, cwd=target)
        if done.returncode != 0:
            raise CannotMake(f"apt-get cannot download Debian's packages ({_last(done.stderr)})")
        return sorted(target.glob("*.deb"))

    def _update(self) -> None:
        self.options["Dir::State::lists"] = str(self.folder / "lists")
        self._get("update")  # one source of many may be away; what follows says if it was needed

    def _get(self, *arguments: str, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
        options = [part for key, value in self.options.items() for part in ("-o", f"{key}={value}")]
        command = ["apt-get", "-qq", "-y", *options, *arguments]
        return subprocess.run(
            command, cwd=cwd, capture_output=True, text=True, check=False, env={**os.environ, "LC_ALL": "C.UTF-8"}
        )


def _output(*command: str) -> bytes:
    done = subprocess.run(command, capture_output=True, check=False)
    if done.returncode != 0:
        raise CannotMake(f"{command[0]} fails ({_last(done.stderr.decode(errors='replace'))})")
    return done.stdout


def _last(told: str) -> str:
    lines = [line for line in told.strip().splitlines() if line.startswith("E:")] or told.strip().splitlines()
    return (lines or ["no reason given"])[-1][:300]


def root_file_system(scratch: Path, packages: tuple[Package, ...]) -> Iterator[TarEntry]:
    """Every file of the lowest layer. Raises CannotMake."""
    with Apt() as apt:
        archives = apt.download(packages, scratch)
    found: dict[str, TarEntry] = {}
    for archive in archives:
        unpacked = scratch / archive.stem
        unpacked.mkdir()
        found |= {entry.name: entry for entry in _unpack(archive, unpacked)}
        fields = _output("dpkg-deb", "--field", str(archive))
        name = f"var/lib/dpkg/status.d/{archive.name.split('_')[0]}"  # where scanners of small images look
        found[name] = TarEntry(name, 0o644, data=fields)
    certificates = [entry for name, entry in sorted(found.items()) if name.startswith("usr/share/ca-certificates/")]
    found[CERTIFICATES] = TarEntry(CERTIFICATES, 0o644, data=b"".join(_content(entry) for entry in certificates))
    return iter([*(entry for entry in found.values() if entry not in certificates), *_ground()])


def _ground() -> Iterator[TarEntry]:
    """What no package brings: the merged folders, one user without a password, a place for temporary files."""
    for name in MERGED:
        yield TarEntry(name, link=f"usr/{name}")
        yield TarEntry(f"usr/{name}", 0o755)
    yield TarEntry("etc/passwd", 0o644, data=USERS.encode())
    yield TarEntry("etc/group", 0o644, data=GROUPS.encode())
    yield TarEntry("tmp", 0o1777)
    for name in ("dev", "proc", "sys", "run"):
        yield TarEntry(name, 0o755)


def _unpack(archive: Path, target: Path) -> Iterator[TarEntry]:
    """The files of one package that a server reads, under their names in a merged file system."""
    with subprocess.Popen(["dpkg-deb", "--fsys-tarfile", str(archive)], stdout=subprocess.PIPE) as child:
        with tarfile.open(fileobj=child.stdout, mode="r|") as tar:
            for number, member in enumerate(tar):
                name = _merged(member.name)
                if member.isdir() or UNREAD.fullmatch(name):
                    continue
                if member.issym():
                    yield TarEntry(name, link=member.linkname)
                    continue
                if not member.isreg() or (source := tar.extractfile(member)) is None:
                    raise CannotMake(f"{archive.name} holds {member.name} as a kind of file that is not expected")
                kept = target / str(number)
                with kept.open("wb") as file:
                    shutil.copyfileobj(source, file)
                yield TarEntry(name, 0o755 if member.mode & 0o100 else 0o644, data=kept)
    if child.returncode != 0:
        raise CannotMake(f"dpkg-deb cannot read {archive.name}")


def _merged(name: str) -> str:
    path = PurePosixPath("/", name).relative_to("/")
    return f"usr/{path}" if path.parts and path.parts[0] in MERGED else str(path)


def _content(entry: TarEntry) -> bytes:
    return entry.data.read_bytes() if isinstance(entry.data, Path) else entry.data or b""
