"""The set-up: what was locked is installed, whatever the index offers by then, for whoever has the checkout."""

import ast
import functools
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from importlib.metadata import distribution
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from build.environment.install import INSTALLER, PIN
from build.environment.pip_config import uv_environment
from build.kernel.target import this_machine
from tests.build.kernel.small import EDITED, SMALL
from tests.services.package_index import PackageIndex

ROOT = Path(__file__).resolve().parents[2]
LOCK = ROOT / "requirements-dev.txt"
RUNTIME = ROOT / "requirements.txt"
SERVER = ROOT / "build" / "image" / "base_images" / "server" / "requirements.txt"
NEWER = "9999.0"
DEBIAN = "/usr/bin/python3"  # with the oldest pip of the README, 23.0.1
WHEELS = Path("/usr/share/python-wheels")  # of it
NOBODY = 65534
SOURCES = {"kfp-server-api"}  # locked as source


def pins(lock):
    """Name -> (version, marker) as the lock has them."""
    lines = re.findall(r"^([A-Za-z0-9._-]+)==([^ ;\\]+)(?: ; ([^\\\n]+))?", lock.read_text(), re.MULTILINE)
    return {canonicalize_name(name): (version, marker.strip()) for name, version, marker in lines}


def applies(marker):
    return not marker or Requirement(f"x; {marker}").marker.evaluate()


INSTALLED = {name: version for name, (version, marker) in pins(LOCK).items() if applies(marker)}


def environments():
    """Where the lock is to be installed."""
    for python in ("3.11", "3.12", "3.13"):
        for system, platform, machine in (
            ("Linux", "linux", "x86_64"), ("Linux", "linux", "aarch64"), ("Darwin", "darwin", "arm64"),
        ):  # fmt: skip
            yield {
                "python_version": python, "python_full_version": f"{python}.1", "sys_platform": platform,
                "platform_system": system, "platform_machine": machine, "os_name": "posix",
                "implementation_name": "cpython", "platform_python_implementation": "CPython",
            }  # fmt: skip


def _roots(path):
    for line in path.read_text().splitlines():
        if line.startswith("-r "):
            yield from _roots(path.parent / line.removeprefix("-r "))
        elif line and not line.startswith("#"):
            yield line


def unmet(roots, locked, environment):
    """Every requirement, extras included, that the lock does not satisfy. Follows what the roots ask for."""
    missing, seen, queue = [], set(), [Requirement(line) for line in roots]
    while queue:
        requirement = queue.pop()
        name = canonicalize_name(requirement.name)
        version, marker = locked.get(name, (None, ""))
        if version is None or not requirement.specifier.contains(version, prereleases=True):
            missing.append(f"{requirement} (locked: {version})")
            continue
        if marker and not Requirement(f"x; {marker}").marker.evaluate(environment):
            missing.append(f"{requirement} (locked for {marker} alone)")
        for extra in ("", *requirement.extras):
            if (name, extra) not in seen:
                seen.add((name, extra))
                queue += needs(name, environment | {"extra": extra})
    return missing


def needs(name, environment):
    if name not in INSTALLED:  # of another system: its metadata is not here
        return
    for requirement in requirements_of(name):
        if requirement.marker is None or requirement.marker.evaluate(environment):
            yield requirement


@functools.cache
def requirements_of(name):
    return [Requirement(line) for line in distribution(name).requires or ()]


@pytest.mark.parametrize("lock", [LOCK, RUNTIME, SERVER, INSTALLER], ids=lambda path: str(path.relative_to(ROOT)))
def test_every_requirement_of_every_locked_package_is_in_the_lock(lock):
    roots = list(_roots(lock.with_suffix(".in")))
    problems = {problem for environment in environments() for problem in unmet(roots, pins(lock), environment)}
    assert problems == set()


def test_an_extra_that_is_not_locked_is_noticed():
    locked = pins(LOCK)
    del locked["webcolors"]  # cyclonedx-python-lib[json-validation] -> jsonschema[format-nongpl] -> webcolors
    assert unmet(["cyclonedx-python-lib[json-validation]"], locked, next(environments())) == [
        'webcolors>=24.6.0; extra == "format-nongpl" (locked: None)'
    ]


def test_the_same_version_is_locked_for_the_server():
    locked = pins(LOCK)
    assert {name: locked[name] for name in pins(SERVER)} == pins(SERVER)


@pytest.fixture(scope="module")
def index(tmp_path_factory):
    """Every locked package, and a newer release of each."""
    return PackageIndex(tmp_path_factory.mktemp("index"))


@pytest.fixture(scope="module")
def installer(index):
    """The lock of the installer in this index: real packages, with newer ones that are not."""
    lines = []
    for name in pins(INSTALLER):
        lines.append(index.add_installed(distribution(name)))
        index.add_wheel(name, NEWER)
    return "\n".join(lines) + "\n"


@pytest.fixture(scope="module")
def lock(index):
    """The lock of everything in this index."""
    lines = []
    for name, version in INSTALLED.items():
        metadata = distribution(name).metadata
        if name in SOURCES:
            lines.append(index.add_source(name, version))
        else:
            extras, requirements = metadata.get_all("Provides-Extra") or [], distribution(name).requires or []
            lines.append(index.add_wheel(name, version, requirements, extras))
        index.add_wheel(name, NEWER, extras=metadata.get_all("Provides-Extra") or [])
    return "\n".join(lines) + "\n"


def checkout(folder, lock, installer):
    """What the set-up reads of a checkout, with these locks."""
    shutil.copytree(ROOT / "build" / "environment", folder / "build" / "environment")
    shutil.copytree(ROOT / "build" / "kernel", folder / "build" / "kernel")
    (folder / "model" / "kernel").mkdir(parents=True)
    for name, data in SMALL.files.items():
        (folder / "model" / "kernel" / name).write_bytes(data)
    package = ("model/__init__.py", "model/files.py", "model/kernel/__init__.py", "model/kernel/sources.py")
    for file in ("Makefile", "build/__init__.py", "build/settings.py", *package):
        shutil.copy(ROOT / file, folder / file)
    (folder / "requirements-dev.txt").write_text(lock)
    (folder / "build" / "environment" / "requirements.txt").write_text(installer)
    return folder


def set_up(folder, address, python=sys.executable, *, retries=5, **options):
    """`make` sets the environment up before it does anything else."""
    unset = ("PIP_", "UV_", "MAKE", "MFLAGS")
    environment = {name: value for name, value in os.environ.items() if not name.startswith(unset)}
    environment |= {
        "PIP_INDEX_URL": address,
        "PIP_CONFIG_FILE": os.devnull,
        "HOME": str(folder.parent),
        "PIP_RETRIES": str(retries),
        "PYTHON": python,
    }
    command = ["make", ".venv/installed.txt"]
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False, **options)


def versions(folder):
    """What is installed, without what installed it."""
    script = (
        "import importlib.metadata as m, json, pip; print(pip.__version__);"
        "print(json.dumps({d.name: d.version for d in m.distributions()}))"
    )
    pip, listing = subprocess.run(
        [folder / ".venv" / "bin" / "python", "-c", script], capture_output=True, text=True, check=True
    ).stdout.splitlines()
    installed = {canonicalize_name(name): version for name, version in json.loads(listing).items()}
    return pip, {name: version for name, version in installed.items() if name not in ("pip", "uv", "setuptools")}


def debian_python():
    if not WHEELS.is_dir():
        pytest.skip("needs Debian's Python with its pip: apt-get install python3-venv")
    return DEBIAN


@dataclass(frozen=True)
class SetUps:
    """Of one checkout, in turn, and whether each of the first three left the stamp. The others find all installed."""

    folder: Path
    user: int
    misfit: subprocess.CompletedProcess
    other_bytes: subprocess.CompletedProcess
    complete: subprocess.CompletedProcess
    current: subprocess.CompletedProcess
    edited: subprocess.CompletedProcess  # after an edit of the kernel
    stamps: tuple[bool, ...]


@pytest.fixture(scope="module")
def home():
    """The folder of any user: those of pytest are closed to others than its own."""
    with tempfile.TemporaryDirectory(prefix="a home ") as folder:
        yield Path(folder)


@pytest.fixture(scope="module")
def set_ups(index, lock, installer, home):
    """By the oldest pip that the README allows, in a path with a space and, from root, by another user."""
    python, user, options = debian_python(), os.geteuid(), {}
    lines = [index.add_wheel("alpha", "1.0", ["beta>=2"]), index.add_wheel("beta", "1.0")]
    right = index.add_wheel("beta", "2.0")
    folder = checkout(home / "a checkout", "\n".join(lines), installer)
    if user == 0:
        user = NOBODY
        options = {"user": user, "group": user, "extra_groups": []}
        subprocess.run(["chown", "-R", f"{user}:{user}", home], check=True)
    stamps = []

    def run(address, *lines):
        (folder / "requirements-dev.txt").write_text("\n".join(lines))
        done = set_up(folder, address, python, **options)
        stamps.append((folder / ".venv" / "installed.txt").exists())
        return done

    with index.served() as address:
        misfit = run(address, *lines)
        other_bytes = run(address, lines[0], f"{right[:-4]}beef")
        complete = run(address, lines[0], right, lock)
    nowhere = "http://127.0.0.1:1/simple"
    current = set_up(folder, nowhere, python, **options)
    (folder / "model" / "kernel" / "small.c").write_bytes(EDITED.files["small.c"])
    edited = set_up(folder, nowhere, python, retries=0, **options)
    return SetUps(folder, user, misfit, other_bytes, complete, current, edited, tuple(stamps))


@pytest.mark.case("an index that offers a newer release of every locked package")
def test_newer_releases_change_nothing_for_whoever_has_the_checkout(set_ups, outcome):
    done = set_ups.complete
    assert done.returncode == 0, done.stderr
    pip, installed = versions(set_ups.folder)
    assert installed == INSTALLED | {"alpha": "1.0", "beta": "2.0"}
    assert [line[:5] for line in done.stderr.splitlines() if line.startswith("[")] == [
        f"[{n}/5]" for n in (1, 2, 3, 4, 5)
    ]
    assert {path.lstat().st_uid for path in (set_ups.folder / ".venv").rglob("*")} == {set_ups.user}
    outcome(f"installed {len(installed)} packages as locked, with pip {pip}")


def test_a_set_up_that_failed_is_no_set_up_and_the_next_command_completes_it(set_ups):
    assert set_ups.misfit.returncode != 0
    assert "`beta>=2`, but `1.0` is installed" in set_ups.misfit.stderr
    assert "Fix what is said above, then run the same command again" in set_ups.misfit.stderr
    assert set_ups.other_bytes.returncode != 0
    assert "Hash mismatch" in set_ups.other_bytes.stderr
    assert set_ups.complete.returncode == 0
    assert set_ups.stamps == (False, False, True)
    assert set_ups.current.stderr == ""  # nothing to do, and no index is asked


@pytest.mark.case("an edited source of the kernel, without a network")
def test_an_edited_kernel_is_compiled_and_nothing_else_is_done(set_ups, outcome):
    if shutil.which("cc") is None:
        pytest.skip("needs a compiler, because this index has none: apt-get install gcc")
    assert set_ups.edited.returncode == 0, set_ups.edited.stderr
    stages = [line for line in set_ups.edited.stderr.splitlines() if line.startswith("[")]
    assert stages == ["[5/5] compile the kernel that scores"]
    libraries = {path.name for path in (set_ups.folder / ".venv" / "lib" / "kamado").iterdir()}
    assert libraries == {sources.library_name(this_machine().ending) for sources in (SMALL, EDITED)}
    outcome(set_ups.edited.stderr.splitlines()[-1])


def test_the_same_pip_is_misled_when_it_resolves(index, tmp_path):
    """What the test above passes for: pip before 24 takes the newest release for a package with an extra."""
    requirements = ["cryptography; extra == 'tls'"]
    lines = [index.add_wheel("theta", "1.0", requirements, ["tls"]), index.add_wheel("iota", "1.0", ["theta[tls]"])]
    index.add_wheel("theta", NEWER, requirements, ["tls"])
    (tmp_path / "lock.txt").write_text("\n".join(lines))
    python = debian_python()
    pip = next(WHEELS.glob("pip-*.whl")) / "pip"  # what a venv of this Python gets, run from its wheel
    with index.served() as address:
        environment = os.environ | {"PIP_INDEX_URL": address, "PIP_CONFIG_FILE": os.devnull}
        options = ["--require-hashes", "--target", tmp_path / "installed"]
        command = [python, pip, "install", *options, "-r", tmp_path / "lock.txt"]
        done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode != 0
    assert "theta[tls]" in done.stderr


def test_the_settings_of_pip_reach_uv(tmp_path):
    certificates = tmp_path / "authorities.pem"
    certificates.touch()
    config = {
        "index-url": "https://name:word@index.example/simple", "extra-index-url": f"file:///none file://{tmp_path}",
        "find-links": f"/none {tmp_path}", "trusted-host": "a.example b.example", "default-timeout": "180",
        "proxy": "http://proxy.example", "cert": str(certificates), "no-index": "true",
    }  # fmt: skip
    assert uv_environment(config, {"UV_HTTP_TIMEOUT": "7"}) == {
        "UV_DEFAULT_INDEX": "https://name:word@index.example/simple",
        "UV_INDEX": f"file://{tmp_path}",
        "UV_INDEX_STRATEGY": "unsafe-best-match",
        "UV_FIND_LINKS": str(tmp_path),
        "UV_INSECURE_HOST": "a.example b.example",
        "HTTPS_PROXY": "http://proxy.example",
        "HTTP_PROXY": "http://proxy.example",
        "SSL_CERT_FILE": str(certificates),
        "UV_NO_INDEX": "1",
    }


def test_a_python_that_is_too_old_is_refused_before_anything_is_written(tmp_path):
    """Its first lines are what an old Python reads; here this Python is called an old one in a process of its own."""
    ast.parse((ROOT / "build" / "environment" / "__main__.py").read_text(), feature_version=(3, 7))
    script = "import runpy, sys; sys.version_info = (3, 10); runpy.run_module('build.environment', run_name='__main__')"
    command = [sys.executable, "-c", script, str(tmp_path / "venv")]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode != 0
    assert "Kamado needs Python 3.11, 3.12 or 3.13" in done.stderr
    assert not (tmp_path / "venv").exists()


def test_every_pin_is_counted():
    assert len(PIN.findall(LOCK.read_text())) == len(pins(LOCK))
