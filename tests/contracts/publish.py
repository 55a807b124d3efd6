"""What every place for images does alike. A place's own test subclasses this and gives the fixtures.

`place` is an empty Publisher; `another` makes a second Publisher of the same place; `read(tag)` gives manifest, config
and layers as they can be fetched under a tag by someone else, or None where there is no such tag.
"""

import threading
from io import BytesIO

import pytest

from build.image.smoke_test import SmokeTestError
from build.oci.image import LAYER, Blob, Image, digest_of, dump
from build.oci.store import Attachment
from model.errors import OutputError, Problem


def blob(data: bytes, media_type: str = LAYER) -> Blob:
    return Blob(digest_of(data), len(data), media_type, lambda: BytesIO(data))


def image(content: bytes = b"the model", *, size: int = 1) -> Image:
    """An image of two layers. Its layers are bytes, not archives: a place does not look into them."""
    layers = (blob(b"the server" * size), blob(content * size))
    config = {
        "architecture": "amd64",
        "os": "linux",
        "config": {},
        "rootfs": {"type": "layers", "diff_ids": [layer.digest for layer in layers]},
    }
    return Image(dump(config), layers)


class PublisherContract:
    def test_what_was_published_can_be_fetched_by_its_tag(self, place, read):
        published = place.publish(image(), "toy-1")
        manifest, config, layers = read("toy-1")
        assert published.outcome == "written"
        assert published.digest == digest_of(manifest) == image().digest
        assert config == image().config
        assert layers == [b"the server", b"the model"]

    def test_a_tag_that_nobody_published_is_not_there(self, place, read):
        place.publish(image(), "toy-1")
        assert read("toy-2") is None

    def test_the_same_content_again_is_a_success_that_changes_nothing(self, place, another, read):
        first = place.publish(image(), "toy-1")
        before = read("toy-1")
        again = another().publish(image(), "toy-1")
        assert (again.digest, again.outcome) == (first.digest, "unchanged")
        assert read("toy-1") == before

    def test_the_same_content_compressed_in_another_way_is_the_same(self, place):
        first = place.publish(image(), "toy-1")
        other = Image(image().config, (image().layers[0], blob(b"the model, compressed by another zlib")))
        again = place.publish(other, "toy-1")
        assert (again.digest, again.outcome) == (first.digest, "unchanged")

    def test_other_content_under_a_taken_tag_is_refused_with_both_digests(self, place, read):
        first = place.publish(image(), "toy-1")
        with pytest.raises(OutputError) as refusal:
            place.publish(image(b"another model"), "toy-1")
        assert [problem.code for problem in refusal.value.problems] == ["tag-taken"]
        assert first.digest in str(refusal.value)
        assert image(b"another model").digest in str(refusal.value)
        assert read("toy-1")[2] == [b"the server", b"the model"]

    def test_many_tags_live_side_by_side(self, place, read):
        for number in range(3):
            place.publish(image(b"model %d" % number), f"toy-{number}")
        assert [read(f"toy-{number}")[2][1] for number in range(3)] == [b"model 0", b"model 1", b"model 2"]

    def test_content_that_is_not_its_digest_gets_no_tag(self, place, read):
        lie = Blob(digest_of(b"what was verified"), 17, LAYER, lambda: BytesIO(b"what was smuggled in"))
        with pytest.raises(OutputError) as refusal:
            place.publish(Image(image().config, (lie,)), "toy-1")
        assert [problem.code for problem in refusal.value.problems] == ["blob-digest"]
        assert read("toy-1") is None

    def test_the_tags_of_a_place_are_listed_and_looked_up(self, place, another):
        assert place.tags() == []
        assert place.digest("toy-1") is None
        published = place.publish(image(), "toy-1")
        assert another().tags() == ["toy-1"]
        assert another().digest("toy-1") == published.digest
        assert digest_of(another().manifest(published.digest)) == published.digest
        with another().blob(image().layers[1].digest) as file:
            assert file.read() == b"the model"

    def test_an_image_may_get_a_second_name_and_keeps_its_digest(self, place, another, read):
        published = place.publish(image(), "toy-1")
        another().add_tag(published.digest, "toy-rel-000001")
        another().add_tag(published.digest, "toy-rel-000001")
        assert place.digest("toy-rel-000001") == published.digest
        assert read("toy-rel-000001") == read("toy-1")

    def test_a_name_in_use_is_not_given_to_another_image(self, place, read):
        first, second = place.publish(image(), "toy-1"), place.publish(image(b"another model"), "toy-2")
        with pytest.raises(OutputError, match=first.digest) as refusal:
            place.add_tag(second.digest, "toy-1")
        assert [problem.code for problem in refusal.value.problems] == ["tag-taken"]
        assert place.digest("toy-1") == first.digest

    def test_an_image_that_is_not_there_gets_no_name(self, place):
        place.publish(image(), "toy-1")
        with pytest.raises(OutputError) as refusal:
            place.add_tag(image(b"another model").digest, "toy-2")
        assert [problem.code for problem in refusal.value.problems] == ["place-broken"]
        assert place.digest("toy-2") is None

    def test_while_an_image_is_proven_it_is_there_and_has_no_tag(self, place, another):
        seen = []

        def prove(staged):
            seen.append((another().digest("toy-1"), another().manifest(staged.image.digest)))
            return ()

        published = place.publish(image(), "toy-1", prove=prove)
        assert seen == [(None, image().manifest)]
        place.publish(image(), "toy-1", prove=prove)
        assert len(seen) == 1  # what has its tag was proven before
        assert place.digest("toy-1") == published.digest

    def test_an_image_that_cannot_be_proven_gets_no_tag_and_the_next_one_does(self, place):
        def prove(_):
            raise SmokeTestError(Problem("row 7", "differs", "Build again"))

        with pytest.raises(SmokeTestError):
            place.publish(image(), "toy-1", prove=prove)
        assert place.digest("toy-1") is None
        assert place.publish(image(), "toy-1").outcome == "written"

    def test_documents_lie_beside_their_image_and_have_no_tag_of_their_own(self, place, another):
        papers = (Attachment("application/vnd.cyclonedx+json", b'{"a": 1}'), Attachment("text/plain", b"signed"))
        published = place.publish(image(), "toy-1", prove=lambda _: papers)
        place.publish(image(b"another model"), "toy-2")
        found = {}
        for one in another().attachments(published.digest):
            with one.open() as file:
                found[one.media_type] = file.read()
        assert found == {paper.media_type: paper.data for paper in papers}
        assert another().attachments(image(b"another model").digest) == []
        assert {"toy-1", "toy-2"} == {tag for tag in place.tags() if not tag.startswith("sha256-")}

    def test_an_image_that_is_there_gets_more_documents_each_of_them_once(self, place, another):
        first, second = Attachment("text/plain", b"signed"), Attachment("text/plain", b"signed by another")
        published = place.publish(image(), "toy-1", prove=lambda _: [first])
        another().attach(published.digest, [second])
        another().attach(published.digest, [second])
        found = []
        for one in place.attachments(published.digest):
            with one.open() as file:
                found.append(file.read())
        assert sorted(found) == [b"signed", b"signed by another"]
        assert place.digest("toy-1") == published.digest

    def test_an_image_that_is_not_there_gets_no_documents(self, place):
        place.publish(image(), "toy-1")
        with pytest.raises(OutputError) as refusal:
            place.attach(image(b"another model").digest, [Attachment("text/plain", b"signed")])
        assert [problem.code for problem in refusal.value.problems] == ["place-broken"]

    def test_of_two_builders_at_once_both_succeed_with_the_same_content(self, place, another, read):
        outcomes = together(lambda: another().publish(image(size=100_000), "toy-1").outcome)
        assert sorted(outcomes) in (["unchanged", "written"], ["written", "written"])
        assert read("toy-1")[2][1] == b"the model" * 100_000

    def test_of_two_builders_at_once_with_other_content_one_is_refused(self, place, another, read):
        contents = iter([b"one", b"two"])

        def publish():
            content = next(contents)
            try:
                another().publish(image(content, size=100_000), "toy-1")
            except OutputError:
                return "refused"
            return content

        winner, refused = sorted(together(publish), key=lambda outcome: outcome == "refused")
        assert refused == "refused"
        assert read("toy-1")[2][1] == winner * 100_000


def together(work) -> list:
    """The results of two threads that do `work` at the same time."""
    results, start = [], threading.Barrier(2)

    def run():
        start.wait()
        results.append(work())

    threads = [threading.Thread(target=run) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return results
