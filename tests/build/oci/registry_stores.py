"""What the tests of registries share: a store in a real registry, a reader of its own, and a proxy that interferes."""

import contextlib
import os
import subprocess
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import ClassVar

import pytest
import requests

from build.oci.credentials import DockerLogin
from build.oci.image import DOCKER_MANIFEST, MANIFEST, digest_of
from build.oci.registry import RegistryStore
from build.oci.registry_client import RegistryClient
from build.oci.retry import RetryPolicy
from build.oci.store import Attachment
from tests.services.fault_proxy import FaultProxy, Handler
from tests.services.http import serving

ROOT = Path(__file__).resolve().parents[3]


ACCEPT = {"Accept": f"{MANIFEST}, {DOCKER_MANIFEST}"}


def fetch(host: str, repository: str, tag: str):
    """Manifest, config and layers of a tag as anybody can fetch them, each compared with its digest; None without."""
    root = f"http://{host}/v2/{repository}"
    answer = requests.get(f"{root}/manifests/{tag}", headers=ACCEPT, timeout=10)
    if answer.status_code == 404:
        return None

    def blob(digest):
        data = requests.get(f"{root}/blobs/{digest}", timeout=60).content
        assert digest_of(data) == digest
        return data

    named = answer.json()
    return answer.content, blob(named["config"]["digest"]), [blob(layer["digest"]) for layer in named["layers"]]


QUICK = RetryPolicy(attempts=4, first=0.001, answer=10.0)  # a busy disk may keep an answer back for seconds


IMPATIENT = replace(QUICK, answer=1.0)  # less than a slow answer of the proxy takes


HURRIED = replace(QUICK, total=1.0, listing=1.0, pages=50)


def store_at(host, repository, tmp_path, *, policy=QUICK):
    login = DockerLogin(host, tmp_path / "absent.json")
    return RegistryStore(RegistryClient(host, repository, login=login, policy=policy), locks=tmp_path / "locks")


PAPERS = (Attachment("text/plain", b"signed"),)


def never():
    raise AssertionError("nobody needs to read this")


@contextlib.contextmanager
def full(folder):
    if os.geteuid() != 0:
        pytest.skip("needs root: a disk of four megabytes is mounted")
    folder.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=4m", "tmpfs", folder], check=True)
    try:
        yield folder
    finally:
        subprocess.run(["umount", folder], check=True)


class Between(Handler):
    """Something that happens once, in the middle of a client's request."""

    happens: ClassVar[Callable[..., bool]]

    def pass_on(self):
        if not self.happens(self):
            super().pass_on()

    do_GET = do_HEAD = do_POST = do_PUT = do_PATCH = pass_on


@contextlib.contextmanager
def between(host, happens):
    now = FaultProxy(host)
    with now.pool, serving(type("Handler", (Between,), {"now": now, "happens": staticmethod(happens)})) as now.host:
        yield now.host
