"""What every image store does alike. A store's own test subclasses this and provides the fixtures.

`store` is an empty ImageStore; `another` opens the same store again; `read(tag)` gives manifest, config
and layers as they can be fetched under a tag by someone else, or None where there is no such tag.
"""

import threading
from io import BytesIO

import pytest

from build.image.smoke_test import SmokeTestError
from build.oci.image import LAYER, Blob, Image, digest_of
from build.oci.json_documents import dump
from build.oci.publish import publish
from build.oci.store import Attachment
from model.errors import OutputError, Problem


def blob(data: bytes, media_type: str = LAYER) -> Blob:
    return Blob(digest_of(data), len(data), media_type, lambda: BytesIO(data))


def image(content: bytes = b"the model", *, size: int = 1) -> Image:
    """An image of two layers. Its layers are bytes, not archives: a store does not look into them."""
    layers = (blob(b"the server" * size), blob(content * size))
    config = {
        "architecture": "amd64",
        "os": "linux",
        "config": {},
        "rootfs": {"type": "layers", "diff_ids": [layer.digest for layer in layers]},
    }
    return Image(dump(config), layers)


class ImageStoreContract:
    def test_what_was_published_can_be_fetched_by_its_tag(self, store, read):
        published = publish(store, image(), "toy-1")
        manifest, config, layers = read("toy-1")
        assert published.outcome == "written"
        assert published.digest == digest_of(manifest) == image().digest
        assert config == image().config
        assert layers == [b"the server", b"the model"]

    def test_a_tag_that_nobody_published_is_not_there(self, store, read):
        publish(store, image(), "toy-1")
        assert read("toy-2") is None

    def test_the_same_content_again_is_a_success_that_changes_nothing(self, store, another, read):
        first = publish(store, image(), "toy-1")
        before = read("toy-1")
        again = publish(another(), image(), "toy-1")
        assert (again.digest, again.outcome) == (first.digest, "unchanged")
        assert read("toy-1") == before

    def test_the_same_content_compressed_in_another_way_is_the_same(self, store):
        first = publish(store, image(), "toy-1")
        other = Image(image().config, (image().layers[0], blob(b"the model, compressed by another zlib")))
        again = publish(store, other, "toy-1")
        assert (again.digest, again.outcome) == (first.digest, "unchanged")

    def test_other_content_under_a_taken_tag_is_refused_with_both_digests(self, store, read):
        first = publish(store, image(), "toy-1")
        with pytest.raises(OutputError) as refusal:
            publish(store, image(b"another model"), "toy-1")
        assert [problem.code for problem in refusal.value.problems] == ["tag-taken"]
        assert first.digest in str(refusal.value)
        assert image(b"another model").digest in str(refusal.value)
        assert read("toy-1")[2] == [b"the server", b"the model"]

    def test_many_tags_live_side_by_side(self, store, read):
        for number in range(3):
            publish(store, image(b"model %d" % number), f"toy-{number}")
        assert [read(f"toy-{number}")[2][1] for number in range(3)] == [b"model 0", b"model 1", b"model 2"]

    def test_content_that_is_not_its_digest_gets_no_tag(self, store, read):
        lie = Blob(digest_of(b"what was verified"), 17, LAYER, lambda: BytesIO(b"what was smuggled in"))
        with pytest.raises(OutputError) as refusal:
            publish(store, Image(image().config, (lie,)), "toy-1")
        assert [problem.code for problem in refusal.value.problems] == ["blob-digest"]
        assert read("toy-1") is None

    def test_the_tags_of_a_place_are_listed_and_looked_up(self, store, another):
        assert store.tags() == []
        assert store.resolve("toy-1") is None
        published = publish(store, image(), "toy-1")
        assert another().tags() == ["toy-1"]
        assert another().resolve("toy-1") == published.digest
        assert digest_of(another().manifest(published.digest)) == published.digest
        with another().blob(image().layers[1].digest) as file:
            assert file.read() == b"the model"

    def test_an_image_may_get_a_second_name_and_keeps_its_digest(self, store, another, read):
        published = publish(store, image(), "toy-1")
        another().tag(published.digest, "toy-rel-000001")
        another().tag(published.digest, "toy-rel-000001")
        assert store.resolve("toy-rel-000001") == published.digest
        assert read("toy-rel-000001") == read("toy-1")

    def test_a_name_in_use_is_not_given_to_another_image(self, store, read):
        first, second = publish(store, image(), "toy-1"), publish(store, image(b"another model"), "toy-2")
        with pytest.raises(OutputError, match=first.digest) as refusal:
            store.tag(second.digest, "toy-1")
        assert [problem.code for problem in refusal.value.problems] == ["tag-taken"]
        assert store.resolve("toy-1") == first.digest

    def test_an_image_that_is_not_there_gets_no_name(self, store):
        publish(store, image(), "toy-1")
        with pytest.raises(OutputError) as refusal:
            store.tag(image(b"another model").digest, "toy-2")
        assert [problem.code for problem in refusal.value.problems] == ["store-broken"]
        assert store.resolve("toy-2") is None

    def test_an_image_that_was_pushed_is_complete_and_has_no_tag(self, store, another):
        pushed = store.push(image())
        assert pushed.image.digest == image().digest
        assert another().is_complete(image().digest)
        assert not store.is_complete(image(b"another model").digest)
        assert store.tags() == []

    def test_a_tag_moves_from_no_other_digest_than_the_one_that_it_replaces(self, store):
        first, second = publish(store, image(), "toy-1"), store.push(image(b"another model")).image
        with pytest.raises(OutputError) as refusal:
            store.tag(second.digest, "toy-1", replaces=second.digest)
        assert [problem.code for problem in refusal.value.problems] == ["tag-taken"]
        assert store.resolve("toy-1") == first.digest

    def test_a_thread_that_holds_the_lock_may_tag_and_attach(self, store):
        with store.lock("toy-1"):
            digest = store.push(image()).image.digest
            store.attach(digest, [Attachment("text/plain", b"signed")])
            store.tag(digest, "toy-1")
        assert store.resolve("toy-1") == digest

    def test_while_an_image_is_proven_it_is_there_and_has_no_tag(self, store, another):
        seen = []

        def prove(staged):
            seen.append((another().resolve("toy-1"), another().manifest(staged.image.digest)))
            return ()

        published = publish(store, image(), "toy-1", before_tag=prove)
        assert seen == [(None, image().manifest)]
        publish(store, image(), "toy-1", before_tag=prove)
        assert len(seen) == 1  # what has its tag was proven before
        assert store.resolve("toy-1") == published.digest

    def test_an_image_that_cannot_be_proven_gets_no_tag_and_the_next_one_does(self, store):
        def prove(_):
            raise SmokeTestError(Problem("row 7", "differs", "Build again"))

        with pytest.raises(SmokeTestError):
            publish(store, image(), "toy-1", before_tag=prove)
        assert store.resolve("toy-1") is None
        assert publish(store, image(), "toy-1").outcome == "written"

    def test_documents_lie_beside_their_image_and_have_no_tag_of_their_own(self, store, another):
        papers = (Attachment("application/vnd.cyclonedx+json", b'{"a": 1}'), Attachment("text/plain", b"signed"))
        published = publish(store, image(), "toy-1", before_tag=lambda _: papers)
        publish(store, image(b"another model"), "toy-2")
        documents = {}
        for document in another().referrers(published.digest):
            with document.open() as file:
                documents[document.media_type] = file.read()
        assert documents == {paper.media_type: paper.data for paper in papers}
        assert another().referrers(image(b"another model").digest) == []
        assert {"toy-1", "toy-2"} == {tag for tag in store.tags() if not tag.startswith("sha256-")}

    def test_an_image_that_is_there_gets_more_documents_each_of_them_once(self, store, another):
        first, second = Attachment("text/plain", b"signed"), Attachment("text/plain", b"signed by another")
        published = publish(store, image(), "toy-1", before_tag=lambda _: [first])
        another().attach(published.digest, [second])
        another().attach(published.digest, [second])
        documents = []
        for document in store.referrers(published.digest):
            with document.open() as file:
                documents.append(file.read())
        assert sorted(documents) == [b"signed", b"signed by another"]
        assert store.resolve("toy-1") == published.digest

    def test_an_image_that_is_not_there_gets_no_documents(self, store):
        publish(store, image(), "toy-1")
        with pytest.raises(OutputError) as refusal:
            store.attach(image(b"another model").digest, [Attachment("text/plain", b"signed")])
        assert [problem.code for problem in refusal.value.problems] == ["store-broken"]

    def test_of_two_builders_at_once_both_succeed_with_the_same_content(self, store, another, read):
        outcomes = together(lambda: publish(another(), image(size=100_000), "toy-1").outcome)
        assert sorted(outcomes) in (["unchanged", "written"], ["written", "written"])
        assert read("toy-1")[2][1] == b"the model" * 100_000

    def test_of_two_builders_at_once_with_other_content_one_is_refused(self, store, another, read):
        contents = iter([b"one", b"two"])

        def attempt():
            content = next(contents)
            try:
                publish(another(), image(content, size=100_000), "toy-1")
            except OutputError:
                return "refused"
            return content

        winner, refused = sorted(together(attempt), key=lambda outcome: outcome == "refused")
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
