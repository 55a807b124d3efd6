"""What is installed in the layers of an image, one laid over the other."""

import gzip
import io
import tarfile
from pathlib import Path

import pytest

from build.image.attest.installed_packages import installed_packages
from build.image.smoke_test import SmokeTestError
from build.image.smoke_test.rootfs import unpack
from tests.contracts.publish import blob


def paragraphs(*packages):
    return "\n\n".join(f"Package: {name}\nStatus: {status}\nVersion: {version}" for name, version, status in packages)


def layer(**files):
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:gz") as tar:
        for name, text in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(text.encode())
            tar.addfile(member, io.BytesIO(text.encode()))
    return blob(packed.getvalue())


class TestInstalledPackages:
    STATUS = "var/lib/dpkg/status"
    PIP = "usr/lib/python3/site-packages/pip-25.dist-info"
    INSTALLED = "install ok installed"

    def names(self, *layers):
        return {(package.name, package.version) for package in installed_packages(layers)}

    def test_an_upper_layer_replaces_what_the_lower_listed(self):
        low = layer(**{self.STATUS: paragraphs(("libc6", "1", self.INSTALLED), ("bash", "5", self.INSTALLED))})
        assert self.names(low, layer(**{self.STATUS: paragraphs(("libc6", "2", self.INSTALLED))})) == {("libc6", "2")}

    @pytest.mark.parametrize(
        "gone",
        [
            "usr/lib/python3/site-packages/.wh.pip-25.dist-info",
            "usr/lib/python3/.wh.site-packages",
            "usr/lib/python3/site-packages/.wh..wh..opq",
            "./usr/lib/python3/site-packages/pip-25.dist-info/.wh.METADATA",
        ],
    )
    def test_what_an_upper_layer_deletes_is_not_there(self, gone):
        low = layer(**{f"{self.PIP}/METADATA": "Name: pip\nVersion: 25\n"})
        other = "usr/lib/python3/site-packages/numpy-2.dist-info/METADATA"
        assert self.names(low) == {("pip", "25")}
        assert self.names(low, layer(**{gone: "", other: "Name: numpy\nVersion: 2\n"})) == {("numpy", "2")}

    @pytest.mark.parametrize(
        ("status", "installed"),
        [
            ("install ok installed", True),
            ("install ok unpacked", True),
            ("install ok half-installed", True),
            ("deinstall ok config-files", False),
            ("purge ok not-installed", False),
        ],
    )
    def test_a_package_is_there_as_long_as_files_of_it_are(self, status, installed):
        assert bool(self.names(layer(**{self.STATUS: paragraphs(("x", "1", status))}))) is installed

    def test_debian_and_ubuntu_are_told_apart(self):
        files = {
            self.STATUS: paragraphs(("libc6", "2", self.INSTALLED)),
            "usr/lib/os-release": 'ID=ubuntu\nVERSION_ID="24.04"',
        }
        [package] = installed_packages([layer(**files)])
        assert package.release == "ubuntu-24.04"

    @pytest.mark.parametrize(
        ("field", "license"),
        [
            ("License-Expression: MIT", "MIT"),
            ("License: Apache 2.0", "Apache 2.0"),
            ("License: BSD\n  and then all of its text", ""),
            ("License: UNKNOWN", ""),
            ("Author: who", ""),
        ],
    )
    def test_a_license_is_listed_as_its_makers_named_it(self, field, license):
        [package] = installed_packages([layer(**{f"{self.PIP}/METADATA": f"Name: pip\nVersion: 25\n{field}\n"})])
        assert package.license == license

    def test_a_version_that_is_installed_twice_is_one_component(self):
        text = "Name: pip\nVersion: 25\n"
        twice = {f"{self.PIP}/METADATA": text, "opt/pip-25.dist-info/METADATA": text + "License-Expression: MIT\n"}
        [package] = installed_packages([layer(**twice)])
        assert package.license == "MIT"


@pytest.mark.case("a base with a layer in which a file says that it has an exabyte")
@pytest.mark.parametrize(
    "read", [installed_packages, lambda layers: unpack(layers, Path("absent"))], ids=["sbom", "smoke-test"]
)
def test_a_base_whose_file_ends_far_behind_its_layer_is_refused_at_once(read, outcome):
    """tarfile would look for that end for years."""
    head = tarfile.TarInfo("dev/null")
    head.type, head.size = tarfile.GNUTYPE_SPARSE, 1 << 60
    endless = blob(gzip.compress(head.tobuf(tarfile.GNU_FORMAT) + bytes(10_240)))
    with pytest.raises((tarfile.TarError, SmokeTestError), match="would end at byte 1,152,921,504,606") as refusal:
        read([endless])
    outcome(refusal.value)
