"""ECR: the contract of a store against the stand-in, and against AWS where it is named.

KAMADO_ECR=ecr://ACCOUNT.REGION/PREFIX make test TESTS=tests/build/oci/test_ecr.py
"""

import base64
import os
import secrets

import boto3
import pytest
import requests

from build.oci.ecr import EcrStore
from build.oci.ecr_api import registry_of
from build.oci.image import DOCKER_MANIFEST, MANIFEST, digest_of
from build.oci.open_store import open_store
from build.oci.publish import publish
from build.oci.tag_mutability import TagRules
from model.errors import OutputError
from tests.contracts.image_store import ImageStoreContract, image
from tests.services.ecr import ACCOUNT, READER, REGION


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


class TestStandIn(ImageStoreContract):
    @pytest.fixture
    def another(self, service, repository):
        return lambda: EcrStore(ACCOUNT, REGION, repository)

    @pytest.fixture
    def store(self, another):
        return another()

    @pytest.fixture
    def read(self, service, repository):
        def read(tag):
            answer = (
                boto3.session.Session()
                .client("ecr", region_name=REGION)
                .get_authorization_token()["authorizationData"][0]
            )
            return fetch(f"http://{service.host}/v2/{repository}", _login(answer["authorizationToken"]), tag)

        return read


def _login(token: str) -> tuple[str, str]:
    user, _, password = base64.b64decode(token).decode().partition(":")
    return user, password


if "KAMADO_ECR" in os.environ:

    class TestAws(ImageStoreContract):
        """Makes a repository for each test under the prefix, and deletes it."""

        @pytest.fixture
        def named(self, repository):
            return f"{os.environ['KAMADO_ECR']}/{repository}"

        @pytest.fixture
        def another(self, named, tmp_path):
            return lambda: open_store(named, cache=tmp_path)

        @pytest.fixture
        def store(self, another):
            store = another()
            yield store
            boto3.session.Session().client("ecr", region_name=store.api.region).delete_repository(
                registryId=store.api.account, repositoryName=store.repository, force=True
            )

        @pytest.fixture
        def read(self, store):
            def read(tag):
                answer = (
                    boto3.session.Session()
                    .client("ecr", region_name=store.api.region)
                    .get_authorization_token()["authorizationData"][0]
                )
                host, _, name = store.name.partition("/")
                return fetch(f"https://{host}/v2/{name}", _login(answer["authorizationToken"]), tag)

            return read


def codes(refusal) -> list[str]:
    return [problem.code for problem in refusal.value.problems]


def test_a_repository_is_made_with_tags_that_do_not_move_a_scan_and_an_end_for_what_has_no_tag(service, repository):
    publish(EcrStore(ACCOUNT, REGION, repository), image(), "toy-1")
    (described,) = service.client.describe_repositories(repositoryNames=[repository])["repositories"]
    assert described["imageTagMutability"] == "IMMUTABLE"
    assert described["imageScanningConfiguration"] == {"scanOnPush": True}
    rule = service.lifecycle(repository)["rules"][0]
    assert rule["selection"]["tagStatus"] == "untagged"
    assert rule["action"] == {"type": "expire"}


def test_looking_makes_no_repository(service, repository):
    store = EcrStore(ACCOUNT, REGION, repository)
    assert store.tags() == []
    assert store.resolve("toy-1") is None
    assert service.repository(repository) is None


def test_a_repository_of_others_with_tags_that_move_is_refused_with_the_command_that_mends_it(service, repository):
    service.make(repository, "MUTABLE")
    with pytest.raises(OutputError, match="put-image-tag-mutability") as refusal:
        publish(EcrStore(ACCOUNT, REGION, repository), image(), "toy-1")
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
    store = EcrStore(ACCOUNT, REGION, repository)
    published = publish(store, image(), "toy-1")
    store.tag(published.digest, "toy-rel-000001")
    outcome(published.outcome)
    assert store.resolve("toy-rel-000001") == published.digest == image().digest


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
        publish(EcrStore(ACCOUNT, REGION, repository), image(), "toy-1")
    outcome(refusal.value.problems[0])
    assert codes(refusal) == ["ecr-mutable"]
    assert words in str(refusal.value)


def test_a_release_tag_that_a_filter_lets_move_is_refused(service, repository):
    service.make(repository, "IMMUTABLE_WITH_EXCLUSION", ["*-rel-*"])
    store = EcrStore(ACCOUNT, REGION, repository)
    published = publish(store, image(), "toy-1")
    with pytest.raises(OutputError, match="lets the tag 'toy-rel-000001' move"):
        store.tag(published.digest, "toy-rel-000001")


def test_filters_are_wildcards_of_stars_alone():
    rules = TagRules("IMMUTABLE_WITH_EXCLUSION", ("a.c*", "x*z", "[ab]"))
    assert [tag for tag in ("a.c", "abc", "a.cd", "xz", "xyz", "xyzz1", "a") if rules.may_move(tag)] == [
        "a.c", "a.cd", "xz", "xyz",
    ]  # fmt: skip
    assert TagRules("SOMETHING_NEW").may_move("a")


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
    store = open_store(f"ecr://{ACCOUNT}.{region}/kamado", cache=tmp_path)
    outcome(store.name)
    assert store.name == f"{ACCOUNT}.dkr.ecr.{region}.{REGIONS[region]}/kamado"
    assert registry_of(store.name.partition("/")[0]) == (ACCOUNT, region)
    with pytest.raises(OutputError) as refusal:  # the stand-in is in another region, which is told; it is a region
        store.tags()
    assert codes(refusal) == ["ecr-credentials"]


def test_a_token_that_ends_in_mid_push_is_renewed(service, repository):
    store = EcrStore(ACCOUNT, REGION, repository)

    def prove(_):
        service.end_tokens()
        return ()

    assert publish(store, image(), "toy-1", before_tag=prove).outcome == "written"
    assert service.calls.count("GetAuthorizationToken") == 2


def test_throttled_calls_are_made_again(service, repository):
    service.throttled = 2
    assert publish(EcrStore(ACCOUNT, REGION, repository), image(), "toy-1").outcome == "written"


def test_the_digest_is_the_one_that_aws_knows(service, repository):
    published = publish(EcrStore(ACCOUNT, REGION, repository), image(), "toy-1")
    assert published.digest == image().digest


class TestWithoutTheRight:
    def test_keys_nothing_is_sent_and_it_is_said_where_they_come_from(self, service, repository, monkeypatch):
        monkeypatch.delenv("AWS_ACCESS_KEY_ID")
        monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
        with pytest.raises(OutputError, match="service account a role") as refusal:
            publish(EcrStore(ACCOUNT, REGION, repository), image(), "toy-1")
        assert codes(refusal) == ["ecr-credentials"]
        assert service.calls == []

    def test_keys_that_aws_does_not_know_are_called_so(self, service, repository, monkeypatch):
        monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIAOFSOMEBODYELSE00")
        with pytest.raises(OutputError, match="turned the credentials down") as refusal:
            publish(EcrStore(ACCOUNT, REGION, repository), image(), "toy-1")
        assert codes(refusal) == ["ecr-credentials"]

    def test_permission_the_missing_one_is_named(self, service, repository, monkeypatch):
        monkeypatch.setenv("AWS_ACCESS_KEY_ID", READER)
        with pytest.raises(
            OutputError, match="Allow ecr:CreateRepository for this role on account 123456789012"
        ) as refusal:
            publish(EcrStore(ACCOUNT, REGION, repository), image(), "toy-1")
        assert codes(refusal) == ["ecr-permission"]

    def test_region_of_aws_the_known_ones_are_listed(self, service, repository):
        with pytest.raises(OutputError, match="ap-northeast-1") as refusal:
            publish(EcrStore(ACCOUNT, "ap-nowhere-7", repository), image(), "toy-1")
        assert codes(refusal) == ["ecr-region"]

    def test_region_of_the_endpoint_the_credentials_are_turned_down(self, service, repository):
        with pytest.raises(OutputError, match="us-east-1") as refusal:
            publish(EcrStore(ACCOUNT, "us-east-1", repository), image(), "toy-1")
        assert codes(refusal) == ["ecr-credentials"]


@pytest.mark.parametrize(
    "written", ["ecr://123/kamado", "ecr://123456789012/kamado", "ecr://123456789012.ap-northeast-1", "ecr:"]
)
def test_what_names_no_repository_is_refused_with_the_form(written, tmp_path):
    with pytest.raises(OutputError, match=r"ecr://ACCOUNT\.REGION/REPOSITORY"):
        open_store(written, cache=tmp_path)
