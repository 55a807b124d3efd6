"""What gets a release tag was verified as a whole just before: not by its labels."""

import json
import os
import subprocess
import sys
import tarfile
from io import BytesIO

import pytest

from build.gate.copy import copy
from build.image.attest import provenance
from build.image.attest.signature import SignatureError, sign
from build.image.build import build
from build.image.request import BuildRequest
from build.oci.image import Image, digest_of
from build.oci.json_documents import dump
from build.oci.layout import Layout
from build.oci.publish import publish
from build.oci.store import Attachment
from build.release.promote import promote, rollback
from build.release.releases import BUILD_TAG, numbers
from model.errors import KamadoError
from tests.build.oci.registry_stores import full
from tests.build.release.command import ROOT, run
from tests.build.released import BASE, assembled, published
from tests.bundles import write_valid_bundle
from tests.contracts.image_store import blob
from tests.verdicts import verdict_of

TOY = "toy-conversion"


@pytest.fixture(scope="module")
def models(valid_bundle, tmp_path_factory):
    """Three images of one bundle, by the verdicts that let it pass."""
    candidates = []
    for seed in (1, 2, 3):
        work = tmp_path_factory.mktemp("work")
        verdict = verdict_of(valid_bundle, work / "verdict.json", bootstrap={"seed": seed, "draws": 1000})
        candidates.append(assembled(BASE, valid_bundle, verdict, work))
    return candidates


@pytest.fixture
def store(models, tmp_path):
    store = Layout(tmp_path / "images")
    for model in models:
        published(store, model)
    return store


def test_the_command_line_releases_and_goes_back(store, models):
    for number, model in enumerate(models[:2], start=1):
        done = run("promote", TOY, model.tag, "--in", f"oci:{store.folder}")
        assert (done.returncode, done.stderr) == (0, "")
        assert f"{TOY}-rel-00000{number}@{model.image.digest}" in done.stdout
    back = json.loads(run("rollback", TOY, "--in", f"oci:{store.folder}", "--json").stdout)
    assert (back["tag"], back["digest"]) == (f"{TOY}-rel-000003", models[0].image.digest)


def other_content(store, model):
    """The labels of a sound model over a layer of something else."""
    config = json.loads(model.image.config)
    config["config"]["Labels"][BUILD_TAG] = "forged"
    image = Image(dump(config), (*model.image.layers[:-1], blob(b"no archive")))
    published(store, model, image=image, tag="forged")


def other_bundle(store, model):
    """A valid bundle of other trees, behind the labels of this one."""
    folder = store.folder.parent / "other"
    other = write_valid_bundle(folder / "bundle", seed=3)
    layer = assembled(BASE, other, verdict_of(other, folder / "verdict.json"), folder / "work").image.layers[-1]
    config = json.loads(model.image.config)
    config["config"]["Labels"][BUILD_TAG] = "forged"
    published(store, model, image=Image(dump(config), (*model.image.layers[:-1], layer)), tag="forged")


def no_smoke_test(store, model):
    config = json.loads(model.image.config)
    config["config"]["Labels"][BUILD_TAG] = "forged"
    publish(store, Image(dump(config), model.image.layers), "forged")


def more_files(store, model):
    """The sound model's layer, and in it under another spelling what an engine would lay over the verified file."""
    with tarfile.open(fileobj=(packed := BytesIO()), mode="w:gz") as tar:
        with tarfile.open(model.layer.path) as source:
            for member in source:
                tar.addfile(member, source.extractfile(member) if member.isfile() else None)
        tar.addfile(tarfile.TarInfo("./opt/kamado/bundle/booster.ubj"))
    config = json.loads(model.image.config)
    config["config"]["Labels"] |= {BUILD_TAG: "forged"}
    layers = (*model.image.layers[:-1], blob(packed.getvalue()))
    published(store, model, image=Image(dump(config), layers), tag="forged")


def other_start(store, model):
    """The sound model's layer and labels, and a server that is started over another folder."""
    config = json.loads(model.image.config)
    config["config"]["Labels"][BUILD_TAG] = "forged"
    config["config"] |= {"Entrypoint": ["sh"], "Env": ["KAMADO_BUNDLE=/srv/other", "KAMADO_HOST=0.0.0.0"]}
    published(store, model, image=Image(dump(config), model.image.layers), tag="forged")


FORGERIES = {
    more_files: "layer-broken",
    other_start: "image-start",
    other_content: "layer-broken",
    other_bundle: "image-labels",
    no_smoke_test: "image-untested",
}


@pytest.mark.case("an image that nobody has verified, with the labels of one that was")
@pytest.mark.parametrize("forge", FORGERIES, ids=lambda forge: forge.__name__)
def test_what_its_content_does_not_bear_out_is_not_released(forge, models, tmp_path, outcome):
    store = Layout(tmp_path / "images")
    forge(store, models[0])
    with pytest.raises(KamadoError) as refusal:
        promote(store, TOY, "forged", report=print)
    assert FORGERIES[forge] in [problem.code for problem in refusal.value.problems]
    assert numbers(store, TOY) == []
    outcome(refusal.value.problems[0])


def test_a_layer_that_was_damaged_since_is_not_released_again(store, models):
    for model in models[:2]:
        promote(store, TOY, model.tag, report=print)
    path = store.blobs / models[0].image.layers[-1].digest.removeprefix("sha256:")
    path.write_bytes(path.read_bytes()[:-9] + b"otherwise")
    with pytest.raises(KamadoError, match="layer-broken"):
        rollback(store, TOY, report=print)
    assert numbers(store, TOY) == [1, 2]


@pytest.mark.case("an image whose store has lost a layer of its base")
def test_an_image_that_nobody_can_start_any_more_is_not_released(models, tmp_path, outcome):
    config = json.loads(models[0].image.config)
    config["config"]["Labels"][BUILD_TAG] = "based"
    store, base = Layout(tmp_path / "images"), blob(b"a base")
    published(store, models[0], image=Image(dump(config), (base, *models[0].image.layers)), tag="based")
    path = store.blobs / base.digest.removeprefix("sha256:")
    path.rename(tmp_path / "away")
    with pytest.raises(KamadoError, match=r"\[store-broken\]") as refusal:
        promote(store, TOY, "based", report=print)
    assert numbers(store, TOY) == []
    outcome(refusal.value.problems[0].problem)
    (tmp_path / "away").rename(path)
    assert promote(store, TOY, "based", report=print).number == 1


@pytest.mark.case("a document that somebody tied to an image, and that cannot be read")
def test_a_document_that_cannot_be_read_does_not_stop_a_release(store, models, outcome):
    foreign = Attachment(provenance.MEDIA_TYPE, b"not ours")
    store.attach(models[0].image.digest, [foreign])
    path = store.blobs / digest_of(foreign.data).removeprefix("sha256:")
    reports = []
    for damage in (lambda: path.write_bytes(b"another"), path.unlink):
        damage()
        assert promote(store, TOY, models[0].tag, report=reports.append).number == 1
    outcome(reports[0])
    assert ["blob-digest" in reports[0], "store-broken" in reports[1], len(reports)] == [True, True, 2]


def test_without_room_to_unpack_the_image_the_temporary_folder_is_blamed(store, models, tmp_path):
    with full(tmp_path / "scratch") as scratch:
        room = os.statvfs(scratch)
        (scratch / "filler").write_bytes(bytes((room.f_bavail - 2) * room.f_frsize))
        command = [sys.executable, "-m", "cli", "promote", TOY, models[0].tag, "--in", f"oci:{store.folder}"]
        environment = os.environ | {"TMPDIR": str(scratch)}  # which a process reads once
        done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "[work-unwritable]" in done.stderr
    assert "Traceback" not in done.stderr
    assert numbers(store, TOY) == []


class TestARequiredKey:
    @pytest.fixture
    def signed(self, store, models, valid_bundle, keys, tmp_path):
        """The first image is signed by mine, the second by another, the third with the verdict of the first."""
        for number, (model, key) in enumerate(zip(models, ("mine", "other", "mine"), strict=True)):
            seed = 1 if number == 2 else number + 1
            verdict = verdict_of(valid_bundle, tmp_path / f"{number}.json", bootstrap={"seed": seed, "draws": 1000})
            folder = copy(valid_bundle, verdict, tmp_path / f"model-{number}").folder
            store.attach(model.image.digest, [sign(folder, keys / f"{key}.pem")])
        return store

    def test_releases_what_its_owner_has_signed(self, signed, models, keys):
        done = run("promote", TOY, models[0].tag, "--in", f"oci:{signed.folder}", KAMADO_REQUIRE_KEY=f"{keys}/mine.pub")
        assert (done.returncode, done.stderr) == (0, "")

    @pytest.mark.case("a required key, and an image that its owner has not signed, or with another verdict")
    @pytest.mark.parametrize("number", [1, 2], ids=["by another", "of another verdict"])
    def test_releases_nothing_else(self, signed, models, keys, number, outcome):
        with pytest.raises(SignatureError, match=r"\[signature-broken\]") as refusal:
            promote(signed, TOY, models[number].tag, keys=[keys / "mine.pub"], report=print)
        assert numbers(signed, TOY) == []
        outcome(str(refusal.value.problems[0]).replace(str(keys), "KEYS"))

    def test_fetches_nothing_else(self, signed, models, keys, tmp_path):
        promote(signed, TOY, models[1].tag, report=print)
        fetch = ("fetch", TOY, "--in", f"oci:{signed.folder}", "--into", str(tmp_path / "back"))
        done = run(*fetch, "--key", f"{keys}/other.pub", KAMADO_REQUIRE_KEY=f"{keys}/mine.pub")
        assert done.returncode == 1
        assert "[signature-broken]" in done.stderr
        assert not (tmp_path / "back").exists()
        assert run(*fetch, KAMADO_REQUIRE_KEY=f"{keys}/other.pub").returncode == 0

    def test_that_is_none_is_refused_by_name(self, signed, models, tmp_path):
        named = tmp_path / "absent.pub"
        done = run("promote", TOY, models[0].tag, "--in", f"oci:{signed.folder}", KAMADO_REQUIRE_KEY=str(named))
        assert done.returncode == 1
        assert f"[key-missing] key {named}" in done.stderr

    def test_that_is_none_is_told_before_that_nothing_is_signed(self, store, models, keys):
        with pytest.raises(SignatureError, match=r"\[key-unfit\]"):
            promote(store, TOY, models[0].tag, keys=[keys / "mine.pem"], report=print)

    @pytest.mark.parametrize(("key", "code"), [(None, "signature-missing"), ("other.pem", "signature-broken")])
    def test_builds_nothing_that_is_not_signed_by_its_owner(self, valid_bundle, verdict, keys, key, code, tmp_path):
        request = BuildRequest(
            f"oci:{tmp_path}/images", None, tmp_path / "cache", key=key and keys / key, required=keys / "mine.pub"
        )
        with pytest.raises(SignatureError) as refusal:
            build(valid_bundle, verdict, request, report=lambda _: None)
        assert [problem.code for problem in refusal.value.problems] == [code]
        assert not (tmp_path / "images").exists()


def test_a_signature_is_of_bundle_and_verdict_together(valid_bundle, keys, store, models):
    """The bundle alone, as it once was signed, is not enough."""
    store.attach(models[0].image.digest, [sign(valid_bundle, keys / "mine.pem")])
    with pytest.raises(SignatureError, match="is not signed by"):
        promote(store, TOY, models[0].tag, keys=[keys / "mine.pub"], report=print)
