"""Releases: numbers that only go forward, in a folder, in a registry and in ECR's stand-in alike."""

import json
import secrets
import shutil
import threading

import pytest

from build.image.smoke_test import SmokeTestError
from build.oci.ecr import EcrStore
from build.oci.image import Image
from build.oci.json_documents import dump
from build.oci.layout import Layout
from build.oci.publish import publish
from build.oci.store import Attachment
from build.release.releases import ReleaseError, before, candidate, number_next, number_of, release, releases
from model.errors import Problem
from tests.build.oci.conftest import service  # noqa: F401 - a fixture
from tests.build.oci.registry_stores import store_at
from tests.build.release.command import run
from tests.contracts.image_store import blob, image
from tests.services.ecr import ACCOUNT, REGION, ecr
from tests.services.registry import registry

ABSENT = f"sha256:{'0' * 64}"


def model(content: bytes, *, name: str = "toy") -> Image:
    tag = f"{name}-{content.decode()}"
    labels = {
        "org.opencontainers.image.version": tag,
        "kamado.model": name,
        "kamado.data.cutoff": "2026-07-01T00:00:00Z",
        "kamado.metrics": '{"log_loss":0.25}',
    }
    config = {"architecture": "amd64", "os": "linux", "config": {"Labels": labels | {"content": content.decode()}}}
    return Image(dump(config), (blob(content),))


def publish_all(store):
    for letter in "abc":
        publish(store, model(letter.encode()), f"toy-{letter}")
    publish(store, model(b"z", name="other"), "other-z")


@pytest.fixture(scope="module")
def content(tmp_path_factory):
    """What the registry keeps."""
    return tmp_path_factory.mktemp("registry")


@pytest.fixture(scope="module")
def host(content):
    with registry(content) as host:
        yield host


@pytest.fixture(scope="module")
def running(host):
    with ecr(host) as stand_in:
        yield stand_in


@pytest.fixture(scope="module")
def filled(host, content, tmp_path_factory):
    """The folder of a repository with all images. A copy of it is such a repository too, and quicker than a push."""
    publish_all(store_at(host, "filled", tmp_path_factory.mktemp("filled")))
    return content / "content" / "docker" / "registry" / "v2" / "repositories" / "filled"


@pytest.fixture(params=["folder", "registry", "ecr"])
def another(request, tmp_path):
    """Makes a new ImageStore on one store with three images of one model, and one of another."""
    if request.param == "folder":
        publish_all(Layout(tmp_path / "images"))
        return lambda: Layout(tmp_path / "images")
    filled, repository = request.getfixturevalue("filled"), f"releases-{secrets.token_hex(6)}"
    shutil.copytree(filled, filled.with_name(repository))
    if request.param == "ecr":
        request.getfixturevalue("service")
        EcrStore(ACCOUNT, REGION, repository).api.create_repository(repository)
        return lambda: EcrStore(ACCOUNT, REGION, repository)
    address = request.getfixturevalue("host")
    return lambda: store_at(address, repository, tmp_path)


@pytest.fixture
def store(another):
    return another()


def promote(store, name, image):
    """The number alone: what `build.release.promote` verifies before it gives one is in test_promotion.py."""
    return number_next(store, name, candidate(store, name, image))


def rollback(store, name):
    return promote(store, name, before(store, name).digest)


def history(store, name="toy"):
    """Release numbers with the letter of their image, oldest first."""
    return [(item.number, item.labels["content"]) for item in reversed(releases(store, name))]


def test_images_are_released_under_numbers_that_go_forward(store):
    assert promote(store, "toy", "toy-a").tag == "toy-rel-000001"
    promoted = promote(store, "toy", model(b"b").digest)
    assert (promoted.tag, promoted.digest) == ("toy-rel-000002", model(b"b").digest)
    assert promote(store, "toy", "toy-a").number == 3
    assert history(store) == [(1, "a"), (2, "b"), (3, "a")]
    assert store.resolve("toy-rel-000001") == model(b"a").digest


def test_what_is_the_newest_release_is_not_released_again(store):
    assert promote(store, "toy", "toy-a").number == promote(store, "toy", "toy-a").number == 1


def test_a_release_tells_its_labels(store):
    promote(store, "toy", "toy-a")
    newest = release(store, "toy")
    assert (newest.number, newest.cutoff, newest.metrics) == (1, "2026-07-01T00:00:00Z", {"log_loss": 0.25})


def test_going_back_is_a_new_release_of_what_was_before(store):
    for letter in "abc":
        promote(store, "toy", f"toy-{letter}")
    assert rollback(store, "toy").number == 4
    assert history(store) == [(1, "a"), (2, "b"), (3, "c"), (4, "b")]


@pytest.mark.case("A, B, C and B again were released: what a rollback goes to, four times")
def test_going_back_goes_to_what_served_just_before_again_and_again(store, outcome):
    for letter in "abcb":
        promote(store, "toy", f"toy-{letter}")
    served = [rollback(store, "toy").labels["content"] for _ in range(4)]
    assert served == ["c", "b", "c", "b"]
    outcome(" ".join(served))


def test_there_is_nothing_before_the_first_image_however_often_it_was_released(store):
    with pytest.raises(ReleaseError, match="has no release"):
        rollback(store, "toy")
    promote(store, "toy", "toy-a")
    store.tag(model(b"a").digest, "toy-rel-000002")
    with pytest.raises(ReleaseError, match="nothing older"):
        rollback(store, "toy")


ABSURD = ["toy-rel-999999", "toy-rel-999999999999", "toy-rel-abc", "toy-rel-", "toy-rel-005000", "toy-rel-000000"]


@pytest.mark.case("a release tag that no promotion has written")
@pytest.mark.parametrize("tag", [*ABSURD, "of a document", "of another model"])
def test_a_foreign_or_absurd_tag_stops_nobody(tag, store, outcome):
    promote(store, "toy", "toy-a")
    if tag in ABSURD:
        store.tag(model(b"b").digest, tag)
    else:
        foreign = image(b"a document") if tag == "of a document" else model(b"z", name="other")
        publish(store, foreign, "foreign")
        store.tag(foreign.digest, "toy-rel-000002")
    assert release(store, "toy").labels["content"] == "a"
    promoted = promote(store, "toy", "toy-c")
    assert promoted.number in (2, 3)
    assert release(store, "toy").digest == promoted.digest
    assert rollback(store, "toy").labels["content"] == "a"
    outcome(f"the next release is {promoted.tag}, before it served a")


@pytest.mark.case("a first release tag so high that its successors would not be found again")
def test_a_number_that_nobody_would_find_again_is_not_given(store, outcome):
    store.tag(model(b"b").digest, "toy-rel-899999")
    with pytest.raises(ReleaseError, match=r"\[release-numbers\]") as refusal:
        promote(store, "toy", "toy-a")
    outcome(refusal.value.problems[0])
    assert history(store) == [(899_999, "b")]


def test_models_in_one_place_are_counted_apart(store):
    promote(store, "toy", "toy-a")
    assert promote(store, "other", "other-z").number == 1
    assert history(store) == [(1, "a")]


@pytest.mark.parametrize(
    ("named", "code"),
    [("other-z", "image-model"), *((named, "image-missing") for named in ("toy-d", "", "a b", "sha256:0", ABSENT))],
)
def test_what_is_no_image_of_the_model_is_not_released(store, named, code):
    with pytest.raises(Exception, match=code):
        promote(store, "toy", named)
    assert history(store) == []


def test_an_image_that_failed_its_smoke_test_is_not_released(store):
    def fails(_):
        raise SmokeTestError(Problem("golden row 0", "differs", "Build again", "smoke-test-answer"))

    with pytest.raises(SmokeTestError):
        publish(store, model(b"wrong"), "toy-wrong", before_tag=fails)
    with pytest.raises(ReleaseError, match=r"image-untested|image-missing"):
        promote(store, "toy", model(b"wrong").digest)
    assert history(store) == []


def test_the_reference_that_was_printed_names_the_image(store):
    assert promote(store, "toy", f"{store.name}:toy-a").labels["content"] == "a"
    assert promote(store, "toy", f"{store.name}:toy-b@{model(b'b').digest}").labels["content"] == "b"
    assert promote(store, "toy", f"{store.name}@{model(b'c').digest}").labels["content"] == "c"


def test_a_list_of_documents_is_no_image(host, tmp_path):
    """Where a registry keeps no list of referrers it is a tag of its own, and is seen among the others."""
    store = store_at(host, f"documents-{secrets.token_hex(6)}", tmp_path)
    publish(store, model(b"a"), "toy-a", before_tag=lambda _: [Attachment("text/plain", b"a document")])
    (listed,) = [tag for tag in store.tags() if tag.startswith("sha256-")]
    with pytest.raises(ReleaseError, match=r"image-model.*is not an image of a model"):
        promote(store, "toy", listed)


@pytest.mark.parametrize("named", ["42", "000042", "rel-000042", "toy-rel-000042"])
def test_a_release_is_named_by_its_number_or_its_tag(named):
    assert number_of("toy", named) == 42


@pytest.mark.parametrize("named", ["other-rel-000042", "toy-a", "-1", "4.2", "", "٤٢", "1234567"])
def test_what_names_no_release_is_refused_with_what_would(named):
    with pytest.raises(ReleaseError, match="Write its number or its tag: 42 or toy-rel-000042"):
        number_of("toy", named)


def test_a_release_that_is_not_there_is_refused_with_those_that_are(store):
    with pytest.raises(ReleaseError, match="kamado promote toy"):
        release(store, "toy")
    promote(store, "toy", "toy-a")
    with pytest.raises(ReleaseError, match="It has 1"):
        release(store, "toy", 7)


def test_two_at_once_take_two_numbers(store, another):
    numbers, start = {}, threading.Barrier(3)

    def run(letter):
        mine = another()
        start.wait()
        numbers[letter] = promote(mine, "toy", f"toy-{letter}").number

    threads = [threading.Thread(target=run, args=(letter,)) for letter in "abc"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(numbers.values()) == [1, 2, 3]
    assert sorted(history(store)) == sorted((number, letter) for letter, number in numbers.items())


def test_the_command_line_lists_releases(tmp_path):
    for letter in "ab":
        publish(Layout(tmp_path), model(letter.encode()), f"toy-{letter}")
        promote(Layout(tmp_path), "toy", f"toy-{letter}")
    table = run("releases", "toy", "--in", f"oci:{tmp_path}").stdout
    assert table.index("toy-rel-000002") < table.index("toy-rel-000001")
    assert table.count(model(b"a").digest) == 1
    assert "2026-07-01T00:00:00Z" in table
    assert "0.25" in table
    listed = json.loads(run("releases", "toy", "--in", f"oci:{tmp_path}", "--json", "--newest", "1").stdout)
    assert [(entry["number"], entry["metrics"]) for entry in listed] == [(2, {"log_loss": 0.25})]


@pytest.mark.parametrize("newest", ["0", "-3", "many"])
def test_a_number_of_releases_that_is_none_is_refused(newest, tmp_path):
    result = run("releases", "toy", "--in", f"oci:{tmp_path}", "--newest", newest)
    assert result.returncode == 2
    assert f"'{newest}' is not a whole number of 1 or more" in result.stderr


def test_the_command_line_says_what_is_missing(tmp_path):
    result = run("promote", "toy", "toy-a", "--in", f"oci:{tmp_path}")
    assert result.returncode == 1
    assert "[image-missing] image toy-a" in result.stderr
    assert "is not a folder" in run("releases", "toy", "--in", f"oci:{tmp_path}/absent").stderr
    publish(Layout(tmp_path), image(), "toy-1")
    assert "has no release" in run("releases", "toy", "--in", f"oci:{tmp_path}").stdout
