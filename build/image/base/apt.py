"""apt with folders of its own: it resolves and verifies packages, without privilege or changes to the machine."""

import os
import re
import shutil
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Self
from urllib.parse import unquote

from build.image.base.wheels import CannotMake

TOOLS = ("apt-get", "dpkg-deb", "dpkg")


@dataclass(frozen=True)
class DebianPackage:
    name: str
    version: str


def refuse_without_apt() -> None:
    """Raises CannotMake where apt is missing."""
    for tool in TOOLS:
        if shutil.which(tool) is None:
            raise CannotMake(f"{tool} is not on this machine, which is not a Debian or Ubuntu")


class Apt:
    """apt with its own state and cache in a scratch folder, and the sources and keys of this machine."""

    def __enter__(self) -> Self:
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

    def closure(self, names: tuple[str, ...]) -> tuple[DebianPackage, ...]:
        """These packages and all that they depend on. Raises CannotMake.

        Fresh lists are downloaded when those of this machine do not resolve them.
        """
        command = ("install", "--print-uris", *names)
        done = self._get(*command)
        if done.returncode != 0:
            self._update()
            done = self._get(*command)
        if done.returncode != 0:
            raise CannotMake(f"apt-get cannot resolve Debian's Python ({last_error(done.stderr)})")
        archives = re.findall(r"^'\S+' (\S+)_(\S+)_[a-z0-9]+\.deb ", done.stdout, re.MULTILINE)
        packages = (DebianPackage(name, unquote(version)) for name, version in archives)
        return tuple(sorted(packages, key=lambda package: package.name))

    def download(self, packages: tuple[DebianPackage, ...], target: Path) -> list[Path]:
        """The .deb files in `target`, verified by apt against the signed lists. Raises CannotMake."""
        command = ("download", *(f"{package.name}={package.version}" for package in packages))
        done = self._get(*command, cwd=target)
        if done.returncode != 0:
            self._update()  # the mirror has moved on since the lists of this machine
            done = self._get(*command, cwd=target)
        if done.returncode != 0:
            raise CannotMake(f"apt-get cannot download Debian's packages ({last_error(done.stderr)})")
        return sorted(target.glob("*.deb"))

    def _update(self) -> None:
        self.options["Dir::State::lists"] = str(self.folder / "lists")
        self._get("update")  # one source of many may be unreachable; the next command fails if it was needed

    def _get(self, *arguments: str, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
        options = [part for key, value in self.options.items() for part in ("-o", f"{key}={value}")]
        command = ["apt-get", "-qq", "-y", *options, *arguments]
        return subprocess.run(
            command, cwd=cwd, capture_output=True, text=True, check=False, env={**os.environ, "LC_ALL": "C.UTF-8"}
        )


def run(*command: str) -> bytes:
    """Standard output of the command. Raises CannotMake when it fails."""
    done = subprocess.run(command, capture_output=True, check=False)
    if done.returncode != 0:
        raise CannotMake(f"{command[0]} fails ({last_error(done.stderr.decode(errors='replace'))})")
    return done.stdout


def last_error(stderr: str) -> str:
    lines = stderr.strip().splitlines()
    errors = [line for line in lines if line.startswith("E:")] or lines
    return (errors or ["no reason given"])[-1][:300]
