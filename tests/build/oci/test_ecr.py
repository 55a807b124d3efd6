"""ECR: the contract of a place against the stand-in, and against AWS where it is named.

KAMADO_ECR=ecr://ACCOUNT.REGION/PREFIX make test TESTS=tests/build/oci/test_ecr.py
"""

import base64
import os
import secrets

import boto3
import pytest
import requests

from build.image.base.base import BaseError, empty_config
from build.image.base.blob_cache import Blobs
from build.image.base.ecr import ecr_address
from build.image.base.registry import registry_base
from build.oci.credentials import DockerLogin
from build.oci.ecr import ecr_store
from build.oci.ecr_api import registry_of
from build.oci.image import DOCKER_MANIFEST, MANIFEST, Image, digest_of, dump
from build.oci.open_store import open_store
from build.oci.tag_mutability import TagRules
from model.errors import OutputError
from tests.contracts.publish import PublisherContract, image
from tests.services.ecr import ACCOUNT, BUILDER, READER, REGION, ecr
from tests.services.registry import registry


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


@pytest.fixture
def repository():
    return f"kamado-{secrets.token_hex(6)}"


def fetch(root: str, login: tuple[str, str], tag: str):
    """Manifest, config and layers of a tag, each compared with its digest; None without the tag."""
    accept = {"Accept": f"{MANIFEST}, {DOCKER_MANIFEST}"}
    answer = requests.get(f"{root}/manifests/{tag}", headers=accept, auth=login, timeout=60)
    if answer.status_code == 404:
        return None

    def blob(digest):
        data = requests.get(f"{root}/blobs/{digest}", auth=login, timeout=60).content
        assert digest_of(data) == digest
        return data

    named = answer.json()
    return answer.content, blob(named["config"]["digest"]), [blob(layer["digest"]) for layer in named["layers"]]


class TestStandIn(PublisherContract):
    @pytest.fixture
    def another(self, service, repository):
        return lambda: ecr_store(ACCOUNT, REGION, repository)

    @pytest.fixture
    def place(self, another):
        return another()

    @pytest.fixture
    def read(self, service, repository):
        def read(tag):
            given = (
                boto3.session.Session()
                .client("ecr", region_name=REGION)
                .get_authorization_token()["authorizationData"][0]
            )
            return fetch(f"http://{service.host}/v2/{repository}", _login(given["authorizationToken"]), tag)

        return read


def _login(token: str) -> tuple[str, str]:
    user, _, password = base64.b64decode(token).decode().partition(":")
    return user, password


if "KAMADO_ECR" in os.environ:

    class TestAws(PublisherContract):
        """Makes a repository for each test under the prefix, and deletes it."""

        @pytest.fixture
        def named(self, repository):
            return f"{os.environ['KAMADO_ECR']}/{repository}"

        @pytest.fixture
        def another(self, named, tmp_path):
            return lambda: open_store(named, cache=tmp_path)

        @pytest.fixture
        def place(self, another):
            place = another()
            yield place
            boto3.session.Session().client("ecr", region_name=place.region).delete_repository(
                registryId=place.account, repositoryName=place.repository, force=True
            )

        @pytest.fixture
        def read(self, place):
            def read(tag):
                given = (
                    boto3.session.Session()
                    .client("ecr", region_name=place.region)
                    .get_authorization_token()["authorizationData"][0]
                )
                host, _, name = place.name.partition("/")
                return fetch(f"https://{host}/v2/{name}", _login(given["authorizationToken"]), tag)

            return read


def codes(refusal) -> list[str]:
    return [problem.code for problem in refusal.value.problems]


def test_a_repository_is_made_with_tags_that_do_not_move_a_scan_and_an_end_for_what_has_no_tag(service, repository):
    ecr_store(ACCOUNT, REGION, repository).publish(image(), "toy-1")
    made = service.repository(repository)
    assert made["imageTagMutability"] == "IMMUTABLE"
    assert made["imageScanningConfiguration"] == {"scanOnPush": True}
    rule = service.lifecycle(repository)["rules"][0]
    assert rule["selection"]["tagStatus"] == "untagged"
    assert rule["action"] == {"type": "expire"}


def test_looking_makes_no_repository(service, repository):
    place = ecr_store(ACCOUNT, REGION, repository)
    assert place.tags() == []
    assert place.digest("toy-1") is None
    assert service.repository(repository) is None


def test_a_repository_of_others_with_tags_that_move_is_refused_with_the_command_that_mends_it(service, repository):
    service.make(repository, "MUTABLE")
    with pytest.raises(OutputError, match="put-image-tag-mutability") as refusal:
        ecr_store(ACCOUNT, REGION, repository).publish(image(), "toy-1")
    assert codes(refusal) == ["ecr-mutable"]


@pytest.mark.case("a repository whose tags never move, but for some that a filter names")
@pytest.mark.parametrize(
    ("mutability", "filters"),
    [
        ("IMMUTABLE_WITH_EXCLUSION", ["latest*", "dev-*"]),
        ("IMMUTABLE_WITH_EXCLUSION", ["toy-", "*-2"]),
        ("MUTABLE_WITH_EXCLUSION", ["toy-*", "*-rel-*"]),
    ],
)
def test_a_repository_in_which_our_tags_do_not_move_is_taken(service, repository, outcome, mutability, filters):
    service.make(repository, mutability, filters)
    place = ecr_store(ACCOUNT, REGION, repository)
    published = place.publish(image(), "toy-1")
    place.add_tag(published.digest, "toy-rel-000001")
    outcome(published.outcome)
    assert place.digest("toy-rel-000001") == published.digest == image().digest


@pytest.mark.case("a repository in which a filter lets our own tags move")
@pytest.mark.parametrize(
    ("mutability", "filters", "words"),
    [
        ("IMMUTABLE_WITH_EXCLUSION", ["dev", "toy-*"], "its exclusion filter 'toy-*' matches"),
        ("IMMUTABLE_WITH_EXCLUSION", ["*1"], "its exclusion filter '*1' matches"),
        ("MUTABLE_WITH_EXCLUSION", ["other-*"], "no exclusion filter matches"),
    ],
)
def test_a_tag_that_a_filter_lets_move_is_refused_by_name(service, repository, outcome, mutability, filters, words):
    service.make(repository, mutability, filters)
    with pytest.raises(OutputError, match="lets the tag 'toy-1' move") as refusal:
        ecr_store(ACCOUNT, REGION, repository).publish(image(), "toy-1")
    outcome(refusal.value.problems[0])
    assert codes(refusal) == ["ecr-mutable"]
    assert words in str(refusal.value)


def test_a_release_tag_that_a_filter_lets_move_is_refused(service, repository):
    service.make(repository, "IMMUTABLE_WITH_EXCLUSION", ["*-rel-*"])
    place = ecr_store(ACCOUNT, REGION, repository)
    published = place.publish(image(), "toy-1")
    with pytest.raises(OutputError, match="lets the tag 'toy-rel-000001' move"):
        place.add_tag(published.digest, "toy-rel-000001")


def test_filters_are_wildcards_of_stars_alone():
    rules = TagRules("IMMUTABLE_WITH_EXCLUSION", ("a.c*", "x*z", "[ab]"))
    assert [tag for tag in ("a.c", "abc", "a.cd", "xz", "xyz", "xyzz1", "a") if rules.may_move(tag)] == [
        "a.c", "a.cd", "xz", "xyz",
    ]  # fmt: skip
    assert TagRules("SOMETHING_NEW").may_move("a")


BASE = f"{ACCOUNT}.dkr.ecr.{REGION}.amazonaws.com"


@pytest.fixture
def based(service, repository):
    """A repository of ECR with a server base in it."""
    config = {**empty_config(), "config": {"Labels": {}}}
    made = Image(dump(config), image().layers)
    ecr_store(ACCOUNT, REGION, repository).publish(made, "base-1")
    return repository


@pytest.mark.case("a base in ECR, with AWS's credentials and no `docker login`")
def test_a_base_in_ecr_is_read_with_awss_credentials(service, based, tmp_path, monkeypatch, outcome):
    monkeypatch.setenv("DOCKER_CONFIG", str(tmp_path / "nothing"))
    service.calls.clear()
    base = registry_base(f"{BASE}/{based}:base-1", blobs=Blobs(tmp_path / "blobs"))
    with base.layers[0].open() as layer:
        assert layer.read() == b"the server"
    outcome(f"read, asked AWS for {', '.join(service.calls)}")
    assert service.calls == ["DescribeRepositories", "GetAuthorizationToken"]


def test_a_base_of_keys_that_aws_does_not_know_is_refused_in_awss_words(service, based, tmp_path, monkeypatch):
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIAOFSOMEBODYELSE00")
    with pytest.raises(BaseError, match="turned the credentials down") as refusal:
        registry_base(f"{BASE}/{based}:base-1", blobs=Blobs(tmp_path))
    assert codes(refusal) == ["ecr-credentials"]


def test_without_awss_credentials_the_login_is_dockers(service, tmp_path, monkeypatch):
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    host, repository, login = ecr_address(BASE, "team/base")
    assert (host, repository) == (BASE, "team/base")
    assert isinstance(login, DockerLogin)


@pytest.mark.parametrize("suffix", ["amazonaws.com.evil.example", "evil.example", "amazonaws.com.cn", "amazonaws.eu"])
def test_a_host_that_only_looks_like_ecr_gets_no_token_of_aws(service, suffix):
    host = f"{ACCOUNT}.dkr.ecr.{REGION}.{suffix}"
    assert isinstance(ecr_address(host, "team/base")[2], DockerLogin)
    assert service.calls == []


REGIONS = {
    "us-east-1": "amazonaws.com",
    "cn-north-1": "amazonaws.com.cn",
    "us-gov-west-1": "amazonaws.com",
    "us-iso-east-1": "c2s.ic.gov",
    "us-isob-east-1": "sc2s.sgov.gov",
    "eusc-de-east-1": "amazonaws.eu",
}


@pytest.mark.case("a region of each partition of AWS")
@pytest.mark.parametrize("region", REGIONS)
def test_regions_of_every_partition_are_known(service, tmp_path, outcome, region):
    place = open_store(f"ecr://{ACCOUNT}.{region}/kamado", cache=tmp_path)
    outcome(place.name)
    assert place.name == f"{ACCOUNT}.dkr.ecr.{region}.{REGIONS[region]}/kamado"
    assert registry_of(place.name.partition("/")[0]) == (ACCOUNT, region)
    with pytest.raises(OutputError) as refusal:  # the stand-in is in another region, which is told; it is a region
        place.tags()
    assert codes(refusal) == ["ecr-credentials"]


def test_a_token_that_ends_in_mid_push_is_renewed(service, repository):
    place = ecr_store(ACCOUNT, REGION, repository)

    def prove(_):
        service.end_tokens()
        return ()

    assert place.publish(image(), "toy-1", prove=prove).outcome == "written"
    assert service.calls.count("GetAuthorizationToken") == 2


def test_throttled_calls_are_made_again(service, repository):
    service.throttled = 2
    assert ecr_store(ACCOUNT, REGION, repository).publish(image(), "toy-1").outcome == "written"


def test_the_digest_is_the_one_that_aws_knows(service, repository):
    published = ecr_store(ACCOUNT, REGION, repository).publish(image(), "toy-1")
    assert published.digest == image().digest


class TestWithoutTheRight:
    def test_keys_nothing_is_sent_and_it_is_said_where_they_come_from(self, service, repository, monkeypatch):
        monkeypatch.delenv("AWS_ACCESS_KEY_ID")
        monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
        with pytest.raises(OutputError, match="service account a role") as refusal:
            ecr_store(ACCOUNT, REGION, repository).publish(image(), "toy-1")
        assert codes(refusal) == ["ecr-credentials"]
        assert service.calls == []

    def test_keys_that_aws_does_not_know_are_called_so(self, service, repository, monkeypatch):
        monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIAOFSOMEBODYELSE00")
        with pytest.raises(OutputError, match="turned the credentials down") as refusal:
            ecr_store(ACCOUNT, REGION, repository).publish(image(), "toy-1")
        assert codes(refusal) == ["ecr-credentials"]

    def test_permission_the_missing_one_is_named(self, service, repository, monkeypatch):
        monkeypatch.setenv("AWS_ACCESS_KEY_ID", READER)
        with pytest.raises(
            OutputError, match="Allow ecr:CreateRepository for this role on account 123456789012"
        ) as refusal:
            ecr_store(ACCOUNT, REGION, repository).publish(image(), "toy-1")
        assert codes(refusal) == ["ecr-permission"]

    def test_region_of_aws_the_known_ones_are_listed(self, service, repository):
        with pytest.raises(OutputError, match="ap-northeast-1") as refusal:
            ecr_store(ACCOUNT, "ap-nowhere-7", repository).publish(image(), "toy-1")
        assert codes(refusal) == ["ecr-region"]

    def test_region_of_the_endpoint_the_credentials_are_turned_down(self, service, repository):
        with pytest.raises(OutputError, match="us-east-1") as refusal:
            ecr_store(ACCOUNT, "us-east-1", repository).publish(image(), "toy-1")
        assert codes(refusal) == ["ecr-credentials"]


@pytest.mark.parametrize(
    "written", ["ecr://123/kamado", "ecr://123456789012/kamado", "ecr://123456789012.ap-northeast-1", "ecr:"]
)
def test_what_names_no_repository_is_refused_with_the_form(written, tmp_path):
    with pytest.raises(OutputError, match=r"ecr://ACCOUNT\.REGION/REPOSITORY"):
        open_store(written, cache=tmp_path)
