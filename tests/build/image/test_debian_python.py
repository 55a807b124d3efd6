"""Debian's packages as the Python of Dockerfiles: complete, known to dpkg, and unpacked without privilege."""

import os
import shutil
import tarfile

import pytest

from build.image.base.debian import PYTHON, resolved
from build.image.base_images import BaseImagesError
from build.image.base_images.debian_python import debian_python
from build.image.base_images.python_base import DEBIAN, python_image
from build.settings import cache_folder


@pytest.fixture(scope="module")
def base_cache():
    """This machine's own cache, from which base images are built too."""
    if shutil.which("apt-get") is None:
        pytest.skip("needs apt-get, without which no Python is made")
    return cache_folder(os.environ) / "base"


@pytest.fixture(scope="module")
def members(base_cache):
    """Name -> (member, content) of every file."""
    with tarfile.open(debian_python(base_cache, report=print).path) as tar:
        return {
            member.name: (member, tar.extractfile(member).read() if member.isfile() and "dpkg" in member.name else b"")
            for member in tar
        }


def test_it_has_pip_a_shell_and_the_tools_of_run_lines(members):
    tools = ("python3", "sh", "find", "grep", "rm", "chmod", "dpkg", "dpkg-query")
    assert {f"usr/bin/{tool}" for tool in tools} <= members.keys()
    assert "usr/lib/python3/dist-packages/pip/__init__.py" in members


def test_dpkg_knows_every_package_and_every_file_of_it(members, base_cache):
    status = members["var/lib/dpkg/status"][1].decode()
    packages = {package.name for package in resolved(base_cache, PYTHON)}
    assert status.count("Status: install ok installed\n") == len(packages)
    assert {line.removeprefix("Package: ") for line in status.splitlines() if line.startswith("Package: ")} == packages
    lists = [content.decode() for name, (_, content) in members.items() if name.endswith(".list")]
    assert len(lists) == len(packages)
    files = {line.removeprefix("/") for text in lists for line in text.splitlines()}
    assert {"usr/bin/dpkg", "usr/lib/python3/dist-packages/pip", "usr/bin/sh"} <= files


def test_no_file_is_setuid_or_setgid(members):
    assert not [name for name, (member, _) in members.items() if member.mode & 0o6000]


def test_without_apt_the_refusal_names_the_setting_that_replaces_it(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(BaseImagesError, match=r"python-missing.*apt-get is not on this machine.*PYTHON_IMAGE"):
        python_image(None, DEBIAN, cache=tmp_path, report=print)
