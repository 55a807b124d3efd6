"""A package index on loopback, with packages that are empty but for their metadata: what is installed, and newer ones.

The packages of Kamado's own lock have here the names, versions, requirements and extras that they have in the real one,
so that installers take the same decisions; the installers themselves are whole, packed again from what is installed.
"""

import contextlib
import functools
import hashlib
import http.server
import io
import re
import tarfile
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from importlib.metadata import Distribution
from pathlib import Path

from packaging.utils import canonicalize_name

from tests.services.http import serving

WHEEL = "Wheel-Version: 1.0\nGenerator: tests\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
SETUP = "import setuptools; setuptools.setup(name={name!r}, version={version!r})"


@dataclass
class PackageIndex:
    """Files of packages by project; `add_…` give the line that a lock has for what was added."""

    folder: Path
    files: dict[str, list[str]] = field(default_factory=dict)

    def add_wheel(self, name: str, version: str, requirements: list[str] = [], extras: list[str] = []) -> str:  # noqa: B006 - never changed
        info = f"{_file_name(name)}-{version}.dist-info"
        headers = [f"Name: {name}", f"Version: {version}"]
        headers += [f"Provides-Extra: {extra}" for extra in extras]
        headers += [f"Requires-Dist: {requirement}" for requirement in requirements]
        members = {f"{info}/METADATA": "\n".join(["Metadata-Version: 2.1", *headers, ""]), f"{info}/WHEEL": WHEEL}
        record = "".join(f"{member},,\n" for member in [*members, f"{info}/RECORD"])
        wheel = io.BytesIO()
        with zipfile.ZipFile(wheel, "w") as archive:
            for member, text in {**members, f"{info}/RECORD": record}.items():
                archive.writestr(zipfile.ZipInfo(member), text)
        return self._add(name, version, f"{_file_name(name)}-{version}-py3-none-any.whl", wheel.getvalue())

    def add_source(self, name: str, version: str) -> str:
        """One that has to be built, by a setup.py and a build backend that it does not name."""
        stem = f"{_file_name(name)}-{version}"
        source = io.BytesIO()
        with tarfile.open(fileobj=source, mode="w:gz") as archive:
            for member, text in {
                "setup.py": SETUP.format(name=name, version=version),
                "PKG-INFO": f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n",
            }.items():
                entry = tarfile.TarInfo(f"{stem}/{member}")
                entry.size = len(text)
                archive.addfile(entry, io.BytesIO(text.encode()))
        return self._add(name, version, f"{stem}.tar.gz", source.getvalue())

    def add_installed(self, distribution: Distribution) -> str:
        """One as it is installed here, every file of it."""
        version = distribution.version
        stem = f"{_file_name(distribution.name)}-{version}"
        wheel = io.BytesIO()
        with zipfile.ZipFile(wheel, "w") as archive:
            for file in distribution.files or []:
                path = Path(str(file.locate()))
                if file.parts[:2] == ("..", ".."):  # bin/ of the environment
                    name = f"{stem}.data/scripts/{path.name}"
                elif ".." in file.parts or path.suffix == ".pyc" or file.name in ("INSTALLER", "REQUESTED"):
                    continue
                else:
                    name = file.as_posix()
                info = zipfile.ZipInfo(name)
                info.external_attr = path.stat().st_mode << 16
                archive.writestr(info, path.read_bytes())
        return self._add(distribution.name, version, f"{stem}-py3-none-any.whl", wheel.getvalue())

    def _add(self, name: str, version: str, file: str, content: bytes) -> str:
        project = canonicalize_name(name)
        folder = self.folder / "simple" / project
        folder.mkdir(parents=True, exist_ok=True)
        (folder / file).write_bytes(content)
        files = self.files.setdefault(project, [])
        files.append(file)
        (folder / "index.html").write_text("".join(f'<a href="{file}">{file}</a>\n' for file in files))
        return f"{name}=={version} --hash=sha256:{hashlib.sha256(content).hexdigest()}"

    @contextlib.contextmanager
    def served(self) -> Iterator[str]:
        """The address that `index-url` takes."""
        handler = functools.partial(_Files, directory=str(self.folder))
        with serving(handler) as host:
            yield f"http://{host}/simple"


class _Files(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *args: object) -> None:
        pass


def _file_name(name: str) -> str:
    return re.sub(r"[-_.]+", "_", name)
