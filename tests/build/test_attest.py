"""Documents beside an image: what is in it, how it came about, and who signed its model."""

import json
import shlex
import shutil
import subprocess
from pathlib import Path

import pytest
import yaml
from cyclonedx.model.bom import Bom
from in_toto_attestation.v1.statement import Statement

from build.__main__ import parser
from build.attest import bill as bills
from build.attest import provenance as provenances
from build.attest.bill import bill
from build.attest.provenance import provenance
from build.attest.signature import SignatureRefused, check, sign
from build.base.made import made_base
from build.gate import refuse_unless_sound
from build.image import Order, build, prepare
from build.publish.layout import Layout
from build.releases import promote
from build.seal.seal import Seal
from model.bundle import BOOSTER, bundle_digest
from tests.build.test_releases import run

ROOT = Path(__file__).resolve().parents[2]
COMMIT = "0123456789abcdef0123456789abcdef01234567"


@pytest.fixture(scope="module")
def base(made):
    return made_base(made, report=lambda _: None)


@pytest.fixture(scope="module")
def passed(sound, verdict):
    return refuse_unless_sound(sound, verdict)


@pytest.fixture(scope="module")
def candidate(base, sound, verdict, passed, tmp_path_factory):
    return prepare(base, sound, verdict, passed, tmp_path_factory.mktemp("work"))


@pytest.fixture(scope="module")
def document(candidate, base, passed, tmp_path_factory):
    cache = tmp_path_factory.mktemp("cache")
    return bill(candidate.image, candidate.bundle.manifest, passed.digest, base, cache=cache)


class TestTheBill:
    def test_it_lists_what_is_installed_with_its_version(self, document):
        told = json.loads(document.data)
        found = {one["name"]: one.get("version") for one in told["components"]}
        lock = (ROOT / "build" / "images" / "server" / "requirements.txt").read_text()
        for name in ("numpy", "xgboost-cpu", "pydantic", "fastapi", "uvicorn"):
            assert f"{name}=={found[name]}" in lock
        assert {"libc6", "python3.11-minimal", "libstdc++6", "ca-certificates"} <= found.keys()
        assert told["compositions"][0]["aggregate"] == "complete"

    def test_every_package_has_an_address_by_which_scanners_know_it(self, document):
        purls = [one["purl"] for one in json.loads(document.data)["components"] if one["type"] == "library"]
        assert all(purl.startswith(("pkg:deb/debian/", "pkg:pypi/")) for purl in purls)
        assert len(purls) > 30

    def test_the_model_is_in_it_by_digest(self, document, sound):
        [model] = [one for one in json.loads(document.data)["components"] if one["type"] == "machine-learning-model"]
        assert model["hashes"] == [{"alg": "SHA-256", "content": bundle_digest(sound).removeprefix("sha256:")}]

    def test_the_library_of_the_format_reads_it(self, document):
        read = Bom.from_json(json.loads(document.data))
        assert len(read.components) == len(json.loads(document.data)["components"])

    def test_it_is_the_same_bytes_every_time(self, document, candidate, base, passed, tmp_path):
        again = bill(candidate.image, candidate.bundle.manifest, passed.digest, base, cache=tmp_path)
        assert again == document

    def test_a_base_that_is_not_on_this_machine_is_not_fetched_and_the_bill_says_so(
        self, candidate, base, passed, tmp_path
    ):
        from dataclasses import replace

        far = tuple(replace(layer, origin="registry.example/base", open=never) for layer in base.layers)
        document = bill(
            candidate.image, candidate.bundle.manifest, passed.digest, replace(base, layers=far), cache=tmp_path
        )
        told = json.loads(document.data)
        assert told["compositions"][0]["aggregate"] == "incomplete"
        [found] = [one for one in told["components"] if one["name"] == "base"]
        assert found["hashes"][0]["content"] == base.digest.removeprefix("sha256:")


def never():
    raise AssertionError("nobody needs to read this")


class TestTheProvenance:
    @pytest.fixture
    def statement(self, candidate, base, passed):
        def made(commit=COMMIT, way="engine"):
            seal = Seal(way, 278)
            manifest = candidate.bundle.manifest
            return provenance(
                "host/kamado", candidate.image, manifest, sound=passed, base=base, seal=seal, commit=commit
            )

        return made

    def test_the_library_of_the_format_accepts_it(self, statement, candidate):
        told = json.loads(statement().data)
        read = Statement.copy_from_pb(_parsed(told))
        read.validate()
        assert told["subject"][0]["digest"] == {"sha256": candidate.image.digest.removeprefix("sha256:")}

    def test_every_input_stands_in_it_by_digest(self, statement, candidate, base, passed):
        told = json.loads(statement().data)["predicate"]["buildDefinition"]["resolvedDependencies"]
        digests = {one["name"]: one.get("digest") for one in told}
        assert digests["bundle"] == {"sha256": passed.digest.removeprefix("sha256:")}
        assert digests["base"] == {"sha256": base.digest.removeprefix("sha256:")}
        assert digests["spec"] == {"sha256": candidate.bundle.manifest.lineage.spec_sha256}
        assert digests["kamado"] == {"gitCommit": COMMIT}

    def test_how_it_was_proven_stands_in_it(self, statement):
        [seal] = json.loads(statement(way="process").data)["predicate"]["runDetails"]["byproducts"]
        assert seal["annotations"]["way"] == "process"
        assert seal["annotations"]["answers"] == 278

    def test_no_digest_is_claimed_for_code_that_was_changed(self, statement):
        for commit in (f"{COMMIT}-dirty", None):
            told = json.loads(statement(commit=commit).data)["predicate"]["buildDefinition"]["resolvedDependencies"]
            assert all("gitCommit" not in one.get("digest", {}) for one in told)

    def test_it_is_the_same_bytes_every_time(self, statement):
        assert statement() == statement()


def _parsed(told):
    from google.protobuf import json_format
    from in_toto_attestation.v1 import statement_pb2

    return json_format.ParseDict(told, statement_pb2.Statement())


@pytest.fixture(scope="module")
def keys(tmp_path_factory):
    folder = tmp_path_factory.mktemp("keys")
    for name in ("mine", "other"):
        private, public = folder / f"{name}.pem", folder / f"{name}.pub"
        make = ["openssl", "ecparam", "-name", "prime256v1", "-genkey", "-noout", "-out", private]
        subprocess.run(make, check=True, capture_output=True)
        subprocess.run(["openssl", "ec", "-in", private, "-pubout", "-out", public], check=True, capture_output=True)
    return folder


class TestTheSignature:
    def test_of_the_bundle_as_it_is_holds(self, bundle, keys):
        check(bundle, sign(bundle, keys / "mine.pem").data, keys / "mine.pub")

    @pytest.mark.parametrize("spoil", ["changed", "extra", "symlink", "missing"])
    def test_of_another_bundle_does_not(self, bundle, keys, spoil, tmp_path):
        signed = sign(bundle, keys / "mine.pem").data
        if spoil == "changed":
            (bundle / BOOSTER).write_bytes((bundle / BOOSTER).read_bytes() + b" ")
        elif spoil == "extra":
            (bundle / "extra").write_text("x")
        elif spoil == "missing":
            (bundle / BOOSTER).unlink()
        else:
            shutil.move(bundle / BOOSTER, tmp_path / "elsewhere")
            (bundle / BOOSTER).symlink_to(tmp_path / "elsewhere")
        with pytest.raises(SignatureRefused, match="is not signed by") as refusal:
            check(bundle, signed, keys / "mine.pub")
        assert [fault.code for fault in refusal.value.faults] == ["signature-broken"]

    def test_by_somebody_else_does_not(self, bundle, keys):
        with pytest.raises(SignatureRefused, match="is not signed by"):
            check(bundle, sign(bundle, keys / "other.pem").data, keys / "mine.pub")

    @pytest.mark.parametrize("key", ["absent.pem", "text.pem", "mine.pub"])
    def test_by_what_is_no_private_key_is_refused_with_the_way_to_make_one(self, bundle, keys, key):
        (keys / "text.pem").write_text("no key")
        with pytest.raises(SignatureRefused, match="openssl ecparam"):
            sign(bundle, keys / key)


def test_all_of_them_lie_beside_the_image_and_come_back_with_the_release(sound, verdict, keys, made, tmp_path):
    place = Layout(tmp_path / "images")
    order = Order(f"oci:{place.folder}", None, made.parent, seal="process", commit=COMMIT, key=keys / "mine.pem")
    built = build(sound, verdict, order, report=lambda _: None)
    assert sorted(built["attachments"]) == sorted(
        [bills.MEDIA_TYPE, provenances.MEDIA_TYPE, "application/vnd.dev.sigstore.bundle.v0.3+json"]
    )
    promote(place, "toy-conversion", built["tag"])
    images, back = f"oci:{place.folder}", tmp_path / "back"
    mine, other = (str(keys / name) for name in ("mine.pub", "other.pub"))
    refused = run("fetch", "toy-conversion", "--in", images, "--into", str(back), "--key", other)
    assert refused.returncode == 1
    assert "[signature-broken]" in refused.stderr
    assert not back.exists()
    fetched = run("fetch", "toy-conversion", "--in", images, "--into", str(back), "--key", mine)
    assert fetched.returncode == 0, fetched.stderr
    assert {path.name for path in (back / "documents").iterdir()} == {
        "bill.cdx.json",
        "provenance.intoto.json",
        "signature.sigstore.json",
    }


def test_a_key_that_cannot_sign_leaves_no_image(sound, verdict, made, tmp_path):
    order = Order(f"oci:{tmp_path}/images", None, made.parent, seal="process", key=tmp_path / "absent.pem")
    with pytest.raises(SignatureRefused):
        build(sound, verdict, order, report=lambda _: None)
    assert not (tmp_path / "images").exists()


def test_codebuild_runs_commands_that_there_are():
    phases = yaml.safe_load((ROOT / "build" / "buildspec.yml").read_text())["phases"]
    lines = [line for phase in phases.values() for line in phase["commands"]]
    ours = [shlex.split(line.partition(" > ")[0]) for line in lines if " -m build " in line]
    assert [words[3] for words in ours] == ["verify", "image"]
    for words in ours:
        parser({}).parse_args(words[3:])
