"""The documents of an image: attached when it is built, again when they were lost, and fetched with the release."""

import json
import shlex
from pathlib import Path

import pytest
import yaml

from build.image.attest import provenance, sbom, signature
from build.image.attest.signature import SignatureError
from build.image.build import build
from build.image.request import BuildRequest
from build.oci.layout import Layout
from build.release.promote import promote
from cli.main import kamado
from model.errors import KamadoError
from tests.build.release.command import run

ROOT = Path(__file__).resolve().parents[4]
COMMIT = "0123456789abcdef0123456789abcdef01234567"


def test_all_of_them_are_attached_to_the_image_and_fetched_with_the_release(
    valid_bundle, verdict, keys, server_cache, tmp_path
):
    store = Layout(tmp_path / "images")
    request = BuildRequest(
        f"oci:{store.folder}", None, server_cache, smoke_test="process", commit=COMMIT, key=keys / "mine.pem"
    )
    image = build(valid_bundle, verdict, request, report=lambda _: None)
    assert sorted(image.attachments) == sorted(
        [sbom.MEDIA_TYPE, provenance.MEDIA_TYPE, "application/vnd.dev.sigstore.bundle.v0.3+json"]
    )
    promote(store, "toy-conversion", image.tag, report=print)
    images, back = f"oci:{store.folder}", tmp_path / "back"
    mine, other = (str(keys / name) for name in ("mine.pub", "other.pub"))
    refused = run("fetch", "toy-conversion", "--in", images, "--into", str(back), "--key", other)
    assert refused.returncode == 1
    assert "[signature-broken]" in refused.stderr
    assert not back.exists()
    fetched = run("fetch", "toy-conversion", "--in", images, "--into", str(back), "--key", mine)
    assert fetched.returncode == 0, fetched.stderr
    assert {path.name for path in (back / "documents").iterdir()} == {
        "sbom.cdx.json",
        "provenance.intoto.json",
        "signature.sigstore.json",
    }


def test_an_image_that_is_there_already_is_signed_as_well_once_by_each_key(
    valid_bundle, verdict, keys, server_cache, tmp_path
):
    store, back = Layout(tmp_path / "images"), tmp_path / "back"
    messages = []

    linked = tmp_path / "bundle"  # as a run leaves it
    linked.symlink_to(valid_bundle)

    def build_signed(key=None):
        request = BuildRequest(f"oci:{store.folder}", None, server_cache, smoke_test="process", commit=COMMIT, key=key)
        return build(linked, verdict, request, report=messages.append)

    first = build_signed()
    promote(store, "toy-conversion", first.tag, report=print)
    command = ["fetch", "toy-conversion", "--in", f"oci:{store.folder}", "--into", str(back)]
    assert "[signature-missing]" in run(*command, "--key", str(keys / "mine.pub")).stderr
    for name in ("other.pem", "mine.pem", "mine.pem"):
        again = build_signed(keys / name)
        assert (again.outcome, again.digest) == ("unchanged", first.digest)
    assert again.attachments.count(signature.MEDIA_TYPE) == 2
    assert [message for message in messages if message.startswith("signed")] == [
        f"signed by {keys}/other.pem",
        f"signed by {keys}/mine.pem",
    ]
    fetched = run(*command, "--key", str(keys / "mine.pub"))
    assert fetched.returncode == 0, fetched.stderr
    assert {"signature.sigstore.json", "2-signature.sigstore.json"} <= {
        path.name for path in (back / "documents").iterdir()
    }


@pytest.mark.case("an image whose documents were lost, or that was copied without them: building again changed nothing")
def test_an_image_whose_record_was_lost_gets_it_again_and_can_be_released(
    valid_bundle, verdict, server_cache, tmp_path, outcome
):
    store = Layout(tmp_path / "images")
    request = BuildRequest(f"oci:{store.folder}", None, server_cache, smoke_test="process", commit=COMMIT)
    first = build(valid_bundle, verdict, request, report=lambda _: None)
    index = json.loads((store.folder / "index.json").read_bytes())
    index["manifests"] = [entry for entry in index["manifests"] if "artifactType" not in entry]
    (store.folder / "index.json").write_text(json.dumps(index))
    with pytest.raises(KamadoError, match=r"\[image-untested\]"):
        promote(store, "toy-conversion", first.tag, report=print)
    again = build(valid_bundle, verdict, request, report=lambda _: None)
    assert (again.outcome, again.attachments) == ("unchanged", first.attachments)
    assert again.smoke_test == first.smoke_test
    released = promote(store, "toy-conversion", first.tag, report=print)
    outcome(f"released as {released.tag}")
    assert build(valid_bundle, verdict, request, report=lambda _: None).smoke_test.way == "earlier"


def test_a_key_that_cannot_sign_leaves_no_image(valid_bundle, verdict, server_cache, tmp_path):
    request = BuildRequest(
        f"oci:{tmp_path}/images", None, server_cache, smoke_test="process", key=tmp_path / "absent.pem"
    )
    with pytest.raises(SignatureError):
        build(valid_bundle, verdict, request, report=lambda _: None)
    assert not (tmp_path / "images").exists()


def test_codebuild_runs_commands_that_there_are():
    phases = yaml.safe_load((ROOT / "build" / "buildspec.yml").read_text())["phases"]
    lines = [line for phase in phases.values() for line in phase["commands"]]
    lines = [line.replace("$KAMADO_IMAGES", "ecr://123456789012.eu-west-1/kamado") for line in lines]
    ours = [shlex.split(line.partition(" > ")[0]) for line in lines if " -m cli " in line]
    assert [words[3] for words in ours] == ["verify", "image"]
    for words in ours:
        verb = kamado.commands[words[3]]
        assert verb.make_context(words[3], words[4:]).meta["mistakes"] == ()
