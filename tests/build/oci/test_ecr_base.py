"""A server base in ECR: with AWS's credentials, else with those of `docker login`."""

import secrets

import pytest

from build.image.base.base import BaseError, empty_config
from build.image.base.named_base import registry_base
from build.oci.credentials import DockerLogin
from build.oci.ecr import EcrStore, ecr_client
from build.oci.image import Image
from build.oci.publish import publish
from tests.contracts.image_store import image
from tests.services.ecr import ACCOUNT, REGION


@pytest.fixture
def repository():
    return f"kamado-{secrets.token_hex(6)}"


def codes(refusal) -> list[str]:
    return [problem.code for problem in refusal.value.problems]


BASE = f"{ACCOUNT}.dkr.ecr.{REGION}.amazonaws.com"


@pytest.fixture
def based(service, repository):
    """A repository of ECR with a server base in it."""
    layers = image().layers
    rootfs = {"type": "layers", "diff_ids": [layer.digest for layer in layers]}
    config = empty_config().updated({"config": {"Labels": {}}, "rootfs": rootfs})
    server = Image(config.data, layers)
    publish(EcrStore(ACCOUNT, REGION, repository), server, "base-1")
    return repository


@pytest.mark.case("a base in ECR, with AWS's credentials and no `docker login`")
def test_a_base_in_ecr_is_read_with_awss_credentials(service, based, tmp_path, monkeypatch, outcome):
    monkeypatch.setenv("DOCKER_CONFIG", str(tmp_path / "nothing"))
    service.calls.clear()
    base = registry_base(f"{BASE}/{based}:base-1", cache=tmp_path / "blobs")
    with base.layers[0].open() as layer:
        assert layer.read() == b"the server"
    outcome(f"read, asked AWS for {', '.join(service.calls)}")
    assert service.calls == ["DescribeRepositories", "GetAuthorizationToken"]


def test_a_base_of_keys_that_aws_does_not_know_is_refused_in_awss_words(service, based, tmp_path, monkeypatch):
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIAOFSOMEBODYELSE00")
    with pytest.raises(BaseError, match="turned the credentials down") as refusal:
        registry_base(f"{BASE}/{based}:base-1", cache=tmp_path)
    assert codes(refusal) == ["ecr-credentials"]


def test_without_awss_credentials_the_login_is_dockers(service, tmp_path, monkeypatch):
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    client = ecr_client(BASE, "team/base")
    assert (client.host, client.repository) == (BASE, "team/base")
    assert isinstance(client.http.login, DockerLogin)


@pytest.mark.parametrize("suffix", ["amazonaws.com.evil.example", "evil.example", "amazonaws.com.cn", "amazonaws.eu"])
def test_a_host_that_only_looks_like_ecr_gets_no_token_of_aws(service, suffix):
    host = f"{ACCOUNT}.dkr.ecr.{REGION}.{suffix}"
    assert isinstance(ecr_client(host, "team/base").http.login, DockerLogin)
    assert service.calls == []
