"""Releases: numbers that only go forward, in a folder, in a registry and in ECR's stand-in alike."""

import json
import secrets
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from build.image.smoke_test import SmokeTestError
from build.oci.ecr import ecr_store
from build.oci.image import Image, dump
from build.oci.layout import Layout
from build.oci.store import Attachment
from build.release.releases import ReleaseError, before, candidate, number_next, number_of, release, releases
from model.errors import Problem
from tests.build.oci.test_ecr import running, service  # noqa: F401 - fixtures
from tests.build.oci.test_registry import host, place  # noqa: F401 - a fixture
from tests.contracts.publish import blob, image
from tests.services.ecr import ACCOUNT, REGION

ROOT = Path(__file__).resolve().parents[3]
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


@pytest.fixture(params=["folder", "registry", "ecr"])
def another(request, tmp_path):
    """Makes a new Publisher of one empty place."""
    if request.param == "folder":
        return lambda: Layout(tmp_path / "images")
    repository = f"releases-{secrets.token_hex(6)}"
    if request.param == "ecr":
        request.getfixturevalue("service")
        return lambda: ecr_store(ACCOUNT, REGION, repository)
    address = request.getfixturevalue("host")
    return lambda: place(address, repository, tmp_path)


@pytest.fixture
def shelf(another):
    """A place with three images of one model, and one of another."""
    made = another()
    for letter in "abc":
        made.publish(model(letter.encode()), f"toy-{letter}")
    made.publish(model(b"z", name="other"), "other-z")
    return made


def promote(shelf, name, image):
    """The number alone: what `build.release.promote` verifies before it gives one is in test_promotion.py."""
    return number_next(shelf, name, candidate(shelf, name, image))


def rollback(shelf, name):
    return promote(shelf, name, before(shelf, name).digest)


def history(shelf, name="toy"):
    """Release numbers with the letter of their image, oldest first."""
    return [(one.number, one.labels["content"]) for one in reversed(releases(shelf, name))]


def test_images_are_released_under_numbers_that_go_forward(shelf):
    assert promote(shelf, "toy", "toy-a").tag == "toy-rel-000001"
    made = promote(shelf, "toy", model(b"b").digest)
    assert (made.tag, made.digest) == ("toy-rel-000002", model(b"b").digest)
    assert promote(shelf, "toy", "toy-a").number == 3
    assert history(shelf) == [(1, "a"), (2, "b"), (3, "a")]
    assert shelf.digest("toy-rel-000001") == model(b"a").digest


def test_what_is_the_newest_release_is_not_released_again(shelf):
    assert promote(shelf, "toy", "toy-a").number == promote(shelf, "toy", "toy-a").number == 1


def test_a_release_tells_its_labels(shelf):
    promote(shelf, "toy", "toy-a")
    found = release(shelf, "toy")
    assert (found.number, found.cutoff, found.metrics) == (1, "2026-07-01T00:00:00Z", {"log_loss": 0.25})


def test_going_back_is_a_new_release_of_what_was_before(shelf):
    for letter in "abc":
        promote(shelf, "toy", f"toy-{letter}")
    assert rollback(shelf, "toy").number == 4
    assert history(shelf) == [(1, "a"), (2, "b"), (3, "c"), (4, "b")]


@pytest.mark.case("A, B, C and B again were released: what a rollback goes to, four times")
def test_going_back_goes_to_what_served_just_before_again_and_again(shelf, outcome):
    for letter in "abcb":
        promote(shelf, "toy", f"toy-{letter}")
    served = [rollback(shelf, "toy").labels["content"] for _ in range(4)]
    assert served == ["c", "b", "c", "b"]
    outcome(" ".join(served))


def test_there_is_nothing_before_the_first_image_however_often_it_was_released(shelf):
    with pytest.raises(ReleaseError, match="has no release"):
        rollback(shelf, "toy")
    promote(shelf, "toy", "toy-a")
    shelf.add_tag(model(b"a").digest, "toy-rel-000002")
    with pytest.raises(ReleaseError, match="nothing older"):
        rollback(shelf, "toy")


ABSURD = ["toy-rel-999999", "toy-rel-999999999999", "toy-rel-abc", "toy-rel-", "toy-rel-005000", "toy-rel-000000"]


@pytest.mark.case("a release tag that no promotion has written")
@pytest.mark.parametrize("tag", [*ABSURD, "of a document", "of another model"])
def test_a_foreign_or_absurd_tag_stops_nobody(tag, shelf, outcome):
    promote(shelf, "toy", "toy-a")
    if tag in ABSURD:
        shelf.add_tag(model(b"b").digest, tag)
    else:
        foreign = image(b"a document") if tag == "of a document" else model(b"z", name="other")
        shelf.publish(foreign, "foreign")
        shelf.add_tag(foreign.digest, "toy-rel-000002")
    assert release(shelf, "toy").labels["content"] == "a"
    made = promote(shelf, "toy", "toy-c")
    assert made.number in (2, 3)
    assert release(shelf, "toy").digest == made.digest
    assert rollback(shelf, "toy").labels["content"] == "a"
    outcome(f"the next release is {made.tag}, before it served a")


@pytest.mark.case("a first release tag so high that its successors would not be found again")
def test_a_number_that_nobody_would_find_again_is_not_given(shelf, outcome):
    shelf.add_tag(model(b"b").digest, "toy-rel-899999")
    with pytest.raises(ReleaseError, match=r"\[release-numbers\]") as refusal:
        promote(shelf, "toy", "toy-a")
    outcome(refusal.value.problems[0])
    assert history(shelf) == [(899_999, "b")]


def test_models_in_one_place_are_counted_apart(shelf):
    promote(shelf, "toy", "toy-a")
    assert promote(shelf, "other", "other-z").number == 1
    assert history(shelf) == [(1, "a")]


@pytest.mark.parametrize(
    ("named", "code"),
    [("other-z", "image-model"), *((named, "image-missing") for named in ("toy-d", "", "a b", "sha256:0", ABSENT))],
)
def test_what_is_no_image_of_the_model_is_not_released(shelf, named, code):
    with pytest.raises(Exception, match=code):
        promote(shelf, "toy", named)
    assert history(shelf) == []


def test_an_image_that_was_not_sealed_is_not_released(shelf):
    def fails(_):
        raise SmokeTestError(Problem("golden row 0", "differs", "Build again", "smoke-test-answer"))

    with pytest.raises(SmokeTestError):
        shelf.publish(model(b"wrong"), "toy-wrong", prove=fails)
    with pytest.raises(ReleaseError, match=r"image-unsealed|image-missing"):
        promote(shelf, "toy", model(b"wrong").digest)
    assert history(shelf) == []


def test_the_reference_that_was_printed_names_the_image(shelf):
    assert promote(shelf, "toy", f"{shelf.name}:toy-a").labels["content"] == "a"
    assert promote(shelf, "toy", f"{shelf.name}:toy-b@{model(b'b').digest}").labels["content"] == "b"
    assert promote(shelf, "toy", f"{shelf.name}@{model(b'c').digest}").labels["content"] == "c"


def test_a_list_of_documents_is_no_image(host, tmp_path):  # noqa: F811 - a fixture
    """Where a registry keeps no list of referrers it is a tag of its own, and is seen among the others."""
    shelf = place(host, f"documents-{secrets.token_hex(6)}", tmp_path)
    shelf.publish(model(b"a"), "toy-a", prove=lambda _: [Attachment("text/plain", b"a document")])
    (listed,) = [tag for tag in shelf.tags() if tag.startswith("sha256-")]
    with pytest.raises(ReleaseError, match=r"image-model.*is no image of a model, not of 'toy'"):
        promote(shelf, "toy", listed)


@pytest.mark.parametrize("named", ["42", "000042", "rel-000042", "toy-rel-000042"])
def test_a_release_is_named_by_its_number_or_its_tag(named):
    assert number_of("toy", named) == 42


@pytest.mark.parametrize("named", ["other-rel-000042", "toy-a", "-1", "4.2", "", "٤٢", "1234567"])
def test_what_names_no_release_is_refused_with_what_would(named):
    with pytest.raises(ReleaseError, match="Give its number or its tag: 42 or toy-rel-000042"):
        number_of("toy", named)


def test_a_release_that_is_not_there_is_refused_with_those_that_are(shelf):
    with pytest.raises(ReleaseError, match="kamado promote toy"):
        release(shelf, "toy")
    promote(shelf, "toy", "toy-a")
    with pytest.raises(ReleaseError, match="It has 1"):
        release(shelf, "toy", 7)


def test_two_at_once_take_two_numbers(shelf, another):
    taken, start = {}, threading.Barrier(3)

    def run(letter):
        mine = another()
        start.wait()
        taken[letter] = promote(mine, "toy", f"toy-{letter}").number

    threads = [threading.Thread(target=run, args=(letter,)) for letter in "abc"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(taken.values()) == [1, 2, 3]
    assert sorted(history(shelf)) == sorted((number, letter) for letter, number in taken.items())


def run(*arguments: str) -> subprocess.CompletedProcess:
    command = [sys.executable, "-m", "cli", *arguments]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)


def test_the_command_line_lists_releases(tmp_path):
    for letter in "ab":
        Layout(tmp_path).publish(model(letter.encode()), f"toy-{letter}")
        promote(Layout(tmp_path), "toy", f"toy-{letter}")
    table = run("releases", "toy", "--in", f"oci:{tmp_path}").stdout
    assert table.index("toy-rel-000002") < table.index("toy-rel-000001")
    assert table.count(model(b"a").digest) == 1
    assert "2026-07-01T00:00:00Z" in table
    assert "0.25" in table
    listed = json.loads(run("releases", "toy", "--in", f"oci:{tmp_path}", "--json", "--newest", "1").stdout)
    assert [(one["number"], one["metrics"]) for one in listed] == [(2, {"log_loss": 0.25})]


@pytest.mark.parametrize("newest", ["0", "-3", "many"])
def test_a_number_of_releases_that_is_none_is_refused(newest, tmp_path):
    told = run("releases", "toy", "--in", f"oci:{tmp_path}", "--newest", newest)
    assert told.returncode == 2
    assert f"'{newest}' is not a whole number of 1 or more" in told.stderr


def test_the_command_line_says_what_is_missing(tmp_path):
    told = run("promote", "toy", "toy-a", "--in", f"oci:{tmp_path}")
    assert told.returncode == 1
    assert "[image-missing] image toy-a" in told.stderr
    assert "is not a folder" in run("releases", "toy", "--in", f"oci:{tmp_path}/absent").stderr
    Layout(tmp_path).publish(image(), "toy-1")
    assert "has no release" in run("releases", "toy", "--in", f"oci:{tmp_path}").stdout
