"""Images in a registry: the contract of a place against CNCF Distribution, and trouble at every request."""

import re

import pytest
import requests

from build import oci
from build.publish.registry import RegistryPlace
from build.registry.client import Client
from build.registry.login import DockerLogin
from build.registry.trouble import Patience
from tests.contracts.publish import PublisherContract
from tests.services.registry import registry

ACCEPT = {"Accept": f"{oci.MANIFEST}, {oci.DOCKER_MANIFEST}"}


@pytest.fixture(scope="module")
def host(tmp_path_factory):
    with registry(tmp_path_factory.mktemp("registry")) as host:
        yield host


@pytest.fixture
def repository(request):
    """One per test: what others pushed is not here."""
    return f"team/{re.sub('[^a-z0-9]+', '-', request.node.name.lower()).strip('-')}"


def fetch(host: str, repository: str, tag: str):
    """Manifest, config and layers of a tag as anybody can fetch them, each compared with its digest; None without."""
    root = f"http://{host}/v2/{repository}"
    answer = requests.get(f"{root}/manifests/{tag}", headers=ACCEPT, timeout=10)
    if answer.status_code == 404:
        return None

    def blob(digest):
        data = requests.get(f"{root}/blobs/{digest}", timeout=60).content
        assert oci.digest_of(data) == digest
        return data

    named = answer.json()
    return answer.content, blob(named["config"]["digest"]), [blob(layer["digest"]) for layer in named["layers"]]


class TestRegistry(PublisherContract):
    @pytest.fixture
    def another(self, host, repository, tmp_path):
        login = DockerLogin(host, tmp_path / "absent.json")
        quick = Patience(attempts=4, first=0.01)
        return lambda: RegistryPlace(Client(host, repository, login=login, patience=quick), locks=tmp_path / "locks")

    @pytest.fixture
    def place(self, another):
        return another()

    @pytest.fixture
    def read(self, host, repository):
        return lambda tag: fetch(host, repository, tag)
