"""A venv with exactly the packages of a lock."""

import contextlib
import fcntl
import hashlib
import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from build.environment.pip_config import pip_config, uv_environment

INSTALLER = Path(__file__).parent / "requirements.txt"
COMMAND = Path(__file__).parent / "kamado.sh"
STAMP = "installed.txt"
KERNELS = Path("lib/kamado")  # where model/kernel looks for its library
PIN = re.compile(r"^(?P<name>[A-Za-z0-9._-]+)==(?P<version>[^ ;\\]+)", re.MULTILINE)


class InstallError(Exception):
    """A stage failed; its command has already printed why."""


@dataclass(frozen=True)
class Environment:
    """The venv at `folder`, for the packages of `lock`, which the packages of `installer` put there.

    With `kernel_cache`, also the library of the kernel that scores: compiled, or from this cache.
    """

    folder: Path
    lock: Path
    installer: Path = INSTALLER
    kernel_cache: Path | None = None

    @property
    def python(self) -> str:
        return str(self.folder / "bin" / "python")

    @property
    def stamp(self) -> str:
        """What is installed when all of it is: the Python and both locks."""
        locks = [hashlib.sha256(lock.read_bytes()).hexdigest() for lock in (self.lock, self.installer)]
        return "\n".join(["python " + sys.version.split()[0], *locks, ""])

    def is_current(self) -> bool:
        """False as well after a set-up that was interrupted: the stamp is written last."""
        stamp = self.folder / STAMP
        return stamp.is_file() and stamp.read_text() == self.stamp and Path(self.python).exists()

    def install(self) -> None:
        """Make it from the locks if it is not current. Raises InstallError; the next call then starts anew."""
        with self._turn():
            if self.is_current():
                self._compile_kernel()
                self._write_command()
                os.utime(self.folder / STAMP)  # make compares times: a checkout may have touched the locks
                return
            began = time.monotonic()
            packages = len(PIN.findall(self.lock.read_text()))
            version = sys.version.split()[0]
            _print(f"Setting up {self.folder} with Python {version}: {packages} packages, once for each lock.")
            self._make_venv()
            self._install_installer()
            self._install_packages(packages)
            self._check()
            self._compile_kernel()
            self._write_command()
            self._write_stamp()
            _print(f"Set up in {time.monotonic() - began:.0f} s.")

    @contextlib.contextmanager
    def _turn(self) -> Iterator[None]:
        """Two commands in one checkout take turns."""
        self.folder.absolute().parent.mkdir(parents=True, exist_ok=True)
        handle = os.open(self.folder.absolute().parent, os.O_RDONLY)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX)
            yield
        finally:
            os.close(handle)

    def _make_venv(self) -> None:
        self._report(1, "make the environment")
        _run([sys.executable, "-m", "venv", "--clear", str(self.folder)])

    def _install_installer(self) -> None:
        names = [f"{match['name']} {match['version']}" for match in PIN.finditer(self.installer.read_text())]
        self._report(2, f"install the installer ({', '.join(names)})")
        options = ["--quiet", "--disable-pip-version-check", "--no-compile", "--no-deps", "--require-hashes"]
        options += ["--only-binary", ":all:", "--requirement", str(self.installer)]
        _run([self.python, "-m", "pip", "install", *options])

    def _install_packages(self, packages: int) -> None:
        self._report(3, f"download and install {packages} packages")
        options = ["--no-deps", "--no-build-isolation", "--require-hashes", "--no-config"]
        command = ["install", "--python", self.python, *options, "--requirement", str(self.lock)]
        self._uv(*command)

    def _check(self) -> None:
        self._report(4, "check that they fit together")
        self._uv("check", "--python", self.python)

    def _compile_kernel(self) -> None:
        """Where it is not there yet for these sources. Without it XGBoost scores: no set-up fails for it."""
        if self.kernel_cache is None:
            return
        # Not in every context that makes an environment, such as that of the image of the steps.
        from build.kernel import CannotCompile
        from build.kernel.install import install_kernel, installed_kernel
        from build.kernel.zig import install_zig
        from model.kernel.sources import kernel_sources

        sources, target = kernel_sources(), self.folder / KERNELS
        try:
            if installed_kernel(sources, target):
                return
            self._report(5, "compile the kernel that scores")
            install_kernel(
                sources, target, self.kernel_cache, install=partial(install_zig, python=self.python), report=_print
            )
        except (CannotCompile, OSError) as reason:
            _print(f"The kernel was not compiled, XGBoost scores in its place: {reason}.")
            _print(f"To try again: {self.python} -m build.kernel {target}")

    def _uv(self, *command: str) -> None:
        variables = uv_environment(pip_config(self.python), os.environ)
        _run([str(self.folder / "bin" / "uv"), "pip", *command], variables)

    def _report(self, stage: int, text: str) -> None:
        _print(f"[{stage}/{4 if self.kernel_cache is None else 5}] {text}")

    def _write_command(self) -> None:
        """`kamado` in its bin folder, which runs the checkout's cli/ from any folder."""
        command = self.folder / "bin" / "kamado"
        shutil.copyfile(COMMAND, command)
        command.chmod(0o755)

    def _write_stamp(self) -> None:
        new = self.folder / f"{STAMP}.new"
        new.write_text(self.stamp)
        new.replace(self.folder / STAMP)


def _print(line: str) -> None:
    """Beside what pip and uv print, and apart from what the command that set it up prints for programs."""
    print(line, file=sys.stderr, flush=True)


def _run(command: list[str], variables: dict[str, str] | None = None) -> None:
    if subprocess.run(command, env={**os.environ, **(variables or {})}, check=False).returncode:
        raise InstallError(f"this command failed: {' '.join(command)}")
