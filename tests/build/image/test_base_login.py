"""Named bases behind the login of a registry."""

import base64
import json
import os
import sys

import pytest

from build.image.base.base import BaseError
from build.image.base.named_base import registry_base
from build.image.base.read_base import read_base
from build.oci.credentials import CredentialsError, DockerLogin, docker_login
from build.oci.reference import HUB
from build.oci.registry import RegistryReader
from build.oci.registry_client import RegistryClient
from tests.build.image.guarded_registry import guarded
from tests.build.image.server_image import codes, contents, server

HELPER = """
import json, sys
if sys.argv[1] != "get" or sys.stdin.read().strip() != "registry.example":
    print("credentials not found in native keychain")
    sys.exit(1)
print(json.dumps({"Username": "me", "Secret": "kept by a helper"}))
"""


def log_in(folder, host):
    """As `docker login` does, into a file in `folder`."""
    folder.joinpath("config.json").write_text(
        json.dumps({"auths": {host: {"auth": base64.b64encode(b"me:secret").decode()}}})
    )
    return DockerLogin(host, folder / "config.json")


class TestALogin:
    def test_for_a_token_is_done(self, tmp_path):
        with guarded() as host:
            assert contents(registry_base(f"{host}/server:1", cache=tmp_path)) == [b"debian", b"libraries"]

    def test_with_name_and_password_is_done(self, tmp_path):
        with guarded(scheme="Basic") as host:
            reader = RegistryReader(RegistryClient(host, "server", login=log_in(tmp_path, host)))
            base = read_base(reader, str(reader.resolve("1")), kind="registry", name=reader.name)
            assert base.digest == server().digest

    def test_that_nobody_made_is_a_refusal_that_says_how(self, tmp_path):
        with guarded(scheme="Basic") as host, pytest.raises(BaseError, match="docker login"):
            registry_base(f"{host}/server:1", cache=tmp_path)

    def test_for_a_token_waits_for_who_gives_it(self, tmp_path):
        with guarded(refuse_tokens=2) as host:
            assert registry_base(f"{host}/server:1", cache=tmp_path).digest == server().digest

    def test_for_a_token_is_done_again_where_the_answer_breaks_off(self, tmp_path):
        with guarded(break_tokens=1) as host:
            assert registry_base(f"{host}/server:1", cache=tmp_path).digest == server().digest

    def test_for_a_token_that_nobody_gives_says_who_is_away(self, tmp_path):
        with (
            guarded(realm="http://127.0.0.1:1/token") as host,
            pytest.raises(BaseError, match=r"wants a token of http://127\.0\.0\.1:1/token, which cannot be reached"),
        ):
            registry_base(f"{host}/server:1", cache=tmp_path)

    @pytest.mark.parametrize("named", ["registry.example", "https://registry.example", "https://registry.example/v1/"])
    def test_is_known_by_every_name_that_docker_gives_it(self, tmp_path, named):
        log_in(tmp_path, named)
        login = DockerLogin("registry.example", tmp_path / "config.json")
        assert login.credentials(renew=False) == ("me", "secret")

    def test_of_dockers_own_registry_is_kept_under_another_name(self, tmp_path):
        log_in(tmp_path, "https://index.docker.io/v1/")
        assert DockerLogin(HUB, tmp_path / "config.json").credentials(renew=False) == ("me", "secret")

    def test_is_asked_of_the_credential_helper_that_docker_would_ask(self, tmp_path, monkeypatch):
        helper = tmp_path / "docker-credential-test"
        helper.write_text(f"#!{sys.executable}\n{HELPER}")
        helper.chmod(0o755)
        monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
        monkeypatch.setenv("DOCKER_CONFIG", str(tmp_path))
        (tmp_path / "config.json").write_text('{"credsStore": "test"}')
        assert docker_login("registry.example").credentials(renew=False) == ("me", "kept by a helper")
        assert docker_login("other.example").credentials(renew=False) is None
        (tmp_path / "config.json").write_text('{"credsStore": "absent"}')
        with pytest.raises(
            CredentialsError, match=r"docker-credential-absent not installed.*docker login registry\.example"
        ):
            docker_login("registry.example").credentials(renew=False)

    @pytest.mark.parametrize("content", ["{", "[]", '{"auths": {"registry.example": {"auth": "%"}}}', '{"auths": 3}'])
    def test_that_cannot_be_read_is_a_refusal_that_names_the_file(self, tmp_path, content):
        (tmp_path / "config.json").write_text(content)
        with pytest.raises(CredentialsError, match=rf"{tmp_path}/config.json: cannot be read"):
            DockerLogin("registry.example", tmp_path / "config.json").credentials(renew=False)

    def test_is_found_where_docker_keeps_it(self, tmp_path):
        login = log_in(tmp_path, "registry.example")
        assert login.credentials(renew=False) == ("me", "secret")
        assert login.credentials(renew=True) is None  # it knows no other after these were turned down
        assert DockerLogin("other.example", login.config).credentials(renew=False) is None
        assert DockerLogin("registry.example", tmp_path / "absent.json").credentials(renew=False) is None


def test_a_registry_that_is_busy_is_asked_again(tmp_path):
    with guarded(refuse_first=2) as host:
        assert registry_base(f"{host}/server:1", cache=tmp_path).digest == server().digest


def test_a_layer_that_is_not_its_digest_is_refused_and_not_cached(tmp_path):
    with guarded(lies=True) as host, pytest.raises(BaseError) as refusal:
        contents(registry_base(f"{host}/server:1", cache=tmp_path))
    assert codes(refusal) == ["base-digest"]
    cached = {f"sha256:{path.name}" for path in tmp_path.iterdir()}
    assert server().layers[1].digest not in cached
    assert len(cached) == 2
