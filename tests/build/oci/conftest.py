"""A real registry and a stand-in for ECR, for each module that uses one, and a repository for each test."""

import os
import re

import pytest

from tests.services.ecr import BUILDER, ecr
from tests.services.registry import registry


@pytest.fixture(scope="module")
def host(tmp_path_factory):
    with registry(tmp_path_factory.mktemp("registry")) as host:
        yield host


@pytest.fixture
def repository(request):
    """One per test: what others pushed is not here."""
    return f"team/{re.sub('[^a-z0-9]+', '-', request.node.name.lower()).strip('-')}"


@pytest.fixture(scope="module")
def running(tmp_path_factory):
    with registry(tmp_path_factory.mktemp("registry")) as host, ecr(host) as service:
        yield service


@pytest.fixture
def service(running, monkeypatch):
    """The stand-in, found as AWS is found: by the environment."""
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_ENDPOINT_URL_ECR", f"http://{running.host}")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", BUILDER)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_CONFIG_FILE", os.devnull)
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", os.devnull)
    running.calls.clear()
    running.throttled = 0
    return running
