"""Documents beside an image: what is in it, how it came about, and who signed its model."""

import gzip
import io
import json
import re
import shlex
import shutil
import subprocess
import tarfile
from dataclasses import replace
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import yaml
from cyclonedx.model.bom import Bom
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator
from in_toto_attestation.v1.statement import Statement

from build.__main__ import parser
from build.image.assemble import BuildRequest, build
from build.image.attest import provenance as provenances
from build.image.attest import sbom as bills
from build.image.attest import signature as signatures
from build.image.attest.installed_packages import installed
from build.image.attest.provenance import provenance
from build.image.attest.sbom import bill
from build.image.attest.signature import SignatureError, check, sign
from build.image.base.build_base import made_base
from build.image.smoke_test import SmokeTestError
from build.image.smoke_test.rootfs import unpack
from build.image.smoke_test.smoke_test import Seal
from build.oci.layout import Layout
from build.release.promote import promote
from model.bundle.folder import BOOSTER, bundle_digest
from model.errors import KamadoError
from tests.build.release.test_releases import run
from tests.build.released import assembled
from tests.contracts.publish import blob

ROOT = Path(__file__).resolve().parents[3]
COMMIT = "0123456789abcdef0123456789abcdef01234567"


@pytest.fixture(scope="module")
def base(made):
    return made_base(made, report=lambda _: None)


@pytest.fixture(scope="module")
def candidate(base, valid_bundle, verdict, passed, tmp_path_factory):
    return assembled(base, valid_bundle, verdict, tmp_path_factory.mktemp("work"), passed)


@pytest.fixture(scope="module")
def document(candidate, base, passed, tmp_path_factory):
    cache = tmp_path_factory.mktemp("cache")
    return bill(candidate.image, candidate.bundle.manifest, passed.digest, base, cache=cache)


class TestTheBill:
    def test_it_lists_what_is_installed_with_its_version(self, document):
        told = json.loads(document.data)
        found = {one["name"]: one.get("version") for one in told["components"]}
        lock = (ROOT / "build" / "image" / "base_images" / "server" / "requirements.txt").read_text()
        for name in ("numpy", "xgboost-cpu", "pydantic", "fastapi", "uvicorn"):
            assert f"{name}=={found[name]}" in lock
        assert {"libc6", "python3.11-minimal", "libstdc++6", "ca-certificates"} <= found.keys()
        assert told["compositions"][0]["aggregate"] == "complete"

    def test_every_package_has_an_address_by_which_scanners_know_it(self, document):
        purls = [one["purl"] for one in json.loads(document.data)["components"] if one["type"] == "library"]
        assert all(re.match(r"pkg:deb/(debian|ubuntu)/.+\?distro=\1-\d+|pkg:pypi/", purl) for purl in purls)
        assert len(purls) > 30

    def test_the_model_is_in_it_by_digest(self, document, valid_bundle):
        [model] = [one for one in json.loads(document.data)["components"] if one["type"] == "machine-learning-model"]
        assert model["hashes"] == [{"alg": "SHA-256", "content": bundle_digest(valid_bundle).removeprefix("sha256:")}]

    def test_it_is_what_the_format_demands_to_the_last_field(self, document):
        assert JsonStrictValidator(SchemaVersion.V1_6).validate_str(document.data.decode()) is None

    def test_the_library_of_the_format_reads_it(self, document):
        read = Bom.from_json(json.loads(document.data))
        assert len(read.components) == len(json.loads(document.data)["components"])

    def test_it_is_the_same_bytes_every_time(self, document, candidate, base, passed, tmp_path):
        again = bill(candidate.image, candidate.bundle.manifest, passed.digest, base, cache=tmp_path)
        assert again == document

    def test_what_was_kept_for_a_base_is_not_read_from_its_layers_again(self, candidate, base, passed, tmp_path):
        first, second = (
            bill(candidate.image, candidate.bundle.manifest, passed.digest, one, cache=tmp_path)
            for one in (base, replace(base, layers=tuple(replace(layer, open=never) for layer in base.layers)))
        )
        assert first == second

    @pytest.mark.parametrize(
        "data", [b"", b"no tar" * 200, gzip.compress(b"no tar" * 200)], ids=["empty", "no", "gzip"]
    )
    def test_a_base_that_cannot_be_read_is_not_called_complete(self, candidate, base, passed, data, tmp_path):
        broken = replace(base, layers=(blob(data),))
        document = bill(candidate.image, candidate.bundle.manifest, passed.digest, broken, cache=tmp_path)
        assert json.loads(document.data)["compositions"][0]["aggregate"] == "incomplete"

    def test_a_base_that_is_not_on_this_machine_is_not_fetched_and_the_bill_says_so(
        self, candidate, base, passed, tmp_path
    ):
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


def paragraphs(*packages):
    return "\n\n".join(f"Package: {name}\nStatus: {status}\nVersion: {version}" for name, version, status in packages)


def layer(**files):
    held = io.BytesIO()
    with tarfile.open(fileobj=held, mode="w:gz") as tar:
        for name, text in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(text.encode())
            tar.addfile(member, io.BytesIO(text.encode()))
    return blob(held.getvalue())


class TestTheInventory:
    STATUS = "var/lib/dpkg/status"
    PIP = "usr/lib/python3/site-packages/pip-25.dist-info"
    HERE = "install ok installed"

    def names(self, *layers):
        return {(one.name, one.version) for one in installed(layers)}

    def test_an_upper_layer_replaces_what_the_lower_said(self):
        low = layer(**{self.STATUS: paragraphs(("libc6", "1", self.HERE), ("bash", "5", self.HERE))})
        assert self.names(low, layer(**{self.STATUS: paragraphs(("libc6", "2", self.HERE))})) == {("libc6", "2")}

    @pytest.mark.parametrize(
        "gone",
        [
            "usr/lib/python3/site-packages/.wh.pip-25.dist-info",
            "usr/lib/python3/.wh.site-packages",
            "usr/lib/python3/site-packages/.wh..wh..opq",
            "./usr/lib/python3/site-packages/pip-25.dist-info/.wh.METADATA",
        ],
    )
    def test_what_an_upper_layer_deletes_is_not_there(self, gone):
        low = layer(**{f"{self.PIP}/METADATA": "Name: pip\nVersion: 25\n"})
        other = "usr/lib/python3/site-packages/numpy-2.dist-info/METADATA"
        assert self.names(low) == {("pip", "25")}
        assert self.names(low, layer(**{gone: "", other: "Name: numpy\nVersion: 2\n"})) == {("numpy", "2")}

    @pytest.mark.parametrize(
        ("status", "there"),
        [
            ("install ok installed", True),
            ("install ok unpacked", True),
            ("install ok half-installed", True),
            ("deinstall ok config-files", False),
            ("purge ok not-installed", False),
        ],
    )
    def test_a_package_is_there_as_long_as_files_of_it_are(self, status, there):
        assert bool(self.names(layer(**{self.STATUS: paragraphs(("x", "1", status))}))) is there

    def test_debian_and_ubuntu_are_told_apart(self):
        files = {
            self.STATUS: paragraphs(("libc6", "2", self.HERE)),
            "usr/lib/os-release": 'ID=ubuntu\nVERSION_ID="24.04"',
        }
        [found] = installed([layer(**files)])
        assert found.release == "ubuntu-24.04"

    @pytest.mark.parametrize(
        ("field", "license"),
        [
            ("License-Expression: MIT", "MIT"),
            ("License: Apache 2.0", "Apache 2.0"),
            ("License: BSD\n  and then all of its text", ""),
            ("License: UNKNOWN", ""),
            ("Author: who", ""),
        ],
    )
    def test_a_license_is_told_as_its_makers_named_it(self, field, license):
        [found] = installed([layer(**{f"{self.PIP}/METADATA": f"Name: pip\nVersion: 25\n{field}\n"})])
        assert found.license == license

    def test_a_version_that_is_installed_twice_is_one_component(self):
        text = "Name: pip\nVersion: 25\n"
        twice = {f"{self.PIP}/METADATA": text, "opt/pip-25.dist-info/METADATA": text + "License-Expression: MIT\n"}
        [found] = installed([layer(**twice)])
        assert found.license == "MIT"


@pytest.mark.case("a base with a layer in which a file says that it has an exabyte")
@pytest.mark.parametrize("read", [installed, lambda layers: unpack(layers, ROOT / "absent")], ids=["bill", "seal"])
def test_a_base_whose_file_ends_far_behind_its_layer_is_refused_at_once(read, outcome):
    """tarfile would look for that end for years."""
    head = tarfile.TarInfo("dev/null")
    head.type, head.size = tarfile.GNUTYPE_SPARSE, 1 << 60
    endless = blob(gzip.compress(head.tobuf(tarfile.GNU_FORMAT) + bytes(10_240)))
    with pytest.raises((tarfile.TarError, SmokeTestError), match="would end at byte 1,152,921,504,606") as refusal:
        read([endless])
    outcome(refusal.value)


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

    @pytest.mark.parametrize("commit", [COMMIT, f"{COMMIT}-dirty", None])
    def test_every_descriptor_has_what_the_format_demands(self, statement, commit):
        told = json.loads(statement(commit=commit).data)
        predicate = told["predicate"]
        definition, details = predicate["buildDefinition"], predicate["runDetails"]
        assert told["predicateType"] == "https://slsa.dev/provenance/v1"
        assert urlsplit(definition["buildType"]).scheme
        assert urlsplit(details["builder"]["id"]).scheme
        assert definition["externalParameters"]
        for one in (*told["subject"], *definition["resolvedDependencies"], *details["byproducts"]):
            # The library looks at less than the specification: uri, digest or content, a name is not enough.
            assert one.keys() & {"uri", "digest", "content"}, one
            assert all(re.fullmatch("[0-9a-f]{40,64}", value) for value in one.get("digest", {}).values())

    def test_a_base_in_a_folder_is_not_told_by_its_path(self, candidate, base, passed):
        here = replace(base, kind="oci", name="oci:/home/somebody/images:base")
        manifest = candidate.bundle.manifest
        told = provenance(
            "kamado", candidate.image, manifest, sound=passed, base=here, seal=Seal("process", 1), commit=None
        )
        assert b"somebody" not in told.data

    def test_how_it_was_proven_stands_in_it(self, statement):
        [seal] = json.loads(statement(way="process").data)["predicate"]["runDetails"]["byproducts"]
        assert seal["annotations"]["way"] == "process"
        assert seal["annotations"]["answers"] == 278

    def test_no_digest_is_claimed_for_code_that_was_changed(self, statement):
        for commit in (f"{COMMIT}-dirty", None):
            told = json.loads(statement(commit=commit).data)["predicate"]["buildDefinition"]["resolvedDependencies"]
            assert all("gitCommit" not in one.get("digest", {}) for one in told)

    def test_that_code_was_changed_stands_in_it(self, statement):
        told = json.loads(statement(commit=f"{COMMIT}-dirty").data)["predicate"]["buildDefinition"]
        assert told["internalParameters"]["code"] == f"{COMMIT}-dirty"

    def test_it_is_the_same_bytes_every_time(self, statement):
        assert statement() == statement()


def _parsed(told):
    from google.protobuf import json_format
    from in_toto_attestation.v1 import statement_pb2

    return json_format.ParseDict(told, statement_pb2.Statement())


@pytest.fixture(scope="module")
def keys(tmp_path_factory):
    folder = tmp_path_factory.mktemp("keys")
    for name, make in (
        ("mine", ("ecparam", "-name", "prime256v1", "-genkey", "-noout")),
        ("other", ("ecparam", "-name", "prime256v1", "-genkey", "-noout")),
        ("rsa", ("genpkey", "-algorithm", "RSA")),
        ("ed25519", ("genpkey", "-algorithm", "ed25519")),
    ):
        private, public = folder / f"{name}.pem", folder / f"{name}.pub"
        openssl(*make, "-out", private)
        openssl("pkey", "-in", private, "-pubout", "-out", public)
    openssl("ec", "-in", folder / "mine.pem", "-aes256", "-passout", "pass:word", "-out", folder / "secret.pem")
    (folder / "text.pem").write_text("no key")
    return folder


def openssl(*arguments):
    subprocess.run(["openssl", *arguments], check=True, capture_output=True)


SPOILT = {
    "no signature": lambda signed: signed["dsseEnvelope"].update(signatures=[]),
    "another signature": lambda signed: signed["dsseEnvelope"]["signatures"][0].update(sig="AAAA"),
    "another content": lambda signed: signed["dsseEnvelope"].update(payload="e30="),
    "another type": lambda signed: signed["dsseEnvelope"].update(payloadType="text/plain"),
    "no envelope": lambda signed: signed.pop("dsseEnvelope"),
    "no key": lambda signed: signed.pop("verificationMaterial"),
    "no hint at the key": lambda signed: signed["verificationMaterial"]["publicKey"].pop("hint"),
}


class TestTheSignature:
    def test_of_the_bundle_as_it_is_holds(self, bundle, keys):
        check(bundle, sign(bundle, keys / "mine.pem").data, keys / "mine.pub")

    def test_holds_wherever_the_bundle_lies(self, bundle, keys, tmp_path):
        signed = sign(bundle, keys / "mine.pem").data
        check(bundle.rename(tmp_path / "elsewhere"), signed, keys / "mine.pub")

    def test_that_says_what_is_not_to_be_looked_at_is_not_obeyed(self, bundle, keys, tmp_path):
        """The owner signed with the library's own tool, which writes such a list."""
        from model_signing import hashing, signing

        ignoring = hashing.Config().set_ignored_paths(paths=[BOOSTER])
        signer = signing.Config().use_elliptic_key_signer(private_key=keys / "mine.pem").set_hashing_config(ignoring)
        signer.sign(bundle, tmp_path / "signed")
        with pytest.raises(SignatureError, match=f"Extra files.*{BOOSTER}"):
            check(bundle, (tmp_path / "signed").read_bytes(), keys / "mine.pub")

    @pytest.mark.parametrize("spoil", ["changed", "extra", ".gitignore", "symlink", "missing"])
    def test_of_another_bundle_does_not(self, bundle, keys, spoil, tmp_path):
        signed = sign(bundle, keys / "mine.pem").data
        if spoil == "changed":
            (bundle / BOOSTER).write_bytes((bundle / BOOSTER).read_bytes() + b" ")
        elif spoil in ("extra", ".gitignore"):
            (bundle / spoil).write_text("x")
        elif spoil == "missing":
            (bundle / BOOSTER).unlink()
        else:
            shutil.move(bundle / BOOSTER, tmp_path / "elsewhere")
            (bundle / BOOSTER).symlink_to(tmp_path / "elsewhere")
        with pytest.raises(SignatureError, match="is not signed by") as refusal:
            check(bundle, signed, keys / "mine.pub")
        assert [problem.code for problem in refusal.value.problems] == ["signature-broken"]

    def test_by_somebody_else_does_not(self, bundle, keys):
        with pytest.raises(SignatureError, match="is not signed by"):
            check(bundle, sign(bundle, keys / "other.pem").data, keys / "mine.pub")

    @pytest.mark.parametrize("spoil", sorted(SPOILT))
    def test_that_was_changed_does_not(self, bundle, keys, spoil, capsys):
        signed = json.loads(sign(bundle, keys / "mine.pem").data)
        SPOILT[spoil](signed)
        with pytest.raises(SignatureError, match="is not signed by"):
            check(bundle, json.dumps(signed).encode(), keys / "mine.pub")
        assert capsys.readouterr().out == ""

    @pytest.mark.parametrize("data", [b"", b"text", b"{}", b"[]", b"null", b"\xff\xfe", b"[" * 100_000])
    def test_that_is_none_does_not(self, bundle, keys, data):
        with pytest.raises(SignatureError, match="is not signed by"):
            check(bundle, data, keys / "mine.pub")

    @pytest.mark.parametrize("key", ["text.pem", "mine.pub", "rsa.pem", "ed25519.pem", "secret.pem"])
    def test_by_what_is_no_private_key_is_refused_with_the_way_to_make_one(self, bundle, keys, key):
        with pytest.raises(SignatureError, match="openssl ecparam") as refusal:
            sign(bundle, keys / key)
        [problem] = refusal.value.problems
        assert problem.code == "key-unfit"
        assert problem.where == f"key {keys / key}"

    @pytest.mark.parametrize("key", ["text.pem", "mine.pem", "rsa.pub", "ed25519.pub"])
    def test_is_not_called_broken_when_the_key_to_check_with_is_none(self, bundle, keys, key):
        with pytest.raises(SignatureError, match="-pubout") as refusal:
            check(bundle, sign(bundle, keys / "mine.pem").data, keys / key)
        assert [problem.code for problem in refusal.value.problems] == ["key-unfit"]

    def test_without_a_key_there_is_none(self, bundle, keys):
        for ask in (lambda: sign(bundle, keys / "absent"), lambda: check(bundle, b"", keys / "absent")):
            with pytest.raises(SignatureError, match="is not a file") as refusal:
                ask()
            assert [problem.code for problem in refusal.value.problems] == ["key-missing"]

    def test_of_a_bundle_with_a_link_in_it_blames_the_bundle_and_not_the_key(self, bundle, keys):
        (bundle / "more").symlink_to("nowhere")
        with pytest.raises(SignatureError, match="symlink") as refusal:
            sign(bundle, keys / "mine.pem")
        assert [problem.code for problem in refusal.value.problems] == ["signature-broken"]


def test_all_of_them_lie_beside_the_image_and_come_back_with_the_release(valid_bundle, verdict, keys, made, tmp_path):
    place = Layout(tmp_path / "images")
    order = BuildRequest(f"oci:{place.folder}", None, made.parent, seal="process", commit=COMMIT, key=keys / "mine.pem")
    built = build(valid_bundle, verdict, order, report=lambda _: None)
    assert sorted(built["attachments"]) == sorted(
        [bills.MEDIA_TYPE, provenances.MEDIA_TYPE, "application/vnd.dev.sigstore.bundle.v0.3+json"]
    )
    promote(place, "toy-conversion", built["tag"], report=print)
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


def test_an_image_that_is_there_already_is_signed_as_well_once_by_each_key(valid_bundle, verdict, keys, made, tmp_path):
    place, back = Layout(tmp_path / "images"), tmp_path / "back"
    said = []

    linked = tmp_path / "bundle"  # as a run leaves it
    linked.symlink_to(valid_bundle)

    def built(key=None):
        order = BuildRequest(f"oci:{place.folder}", None, made.parent, seal="process", commit=COMMIT, key=key)
        return build(linked, verdict, order, report=said.append)

    first = built()
    promote(place, "toy-conversion", first["tag"], report=print)
    command = ["fetch", "toy-conversion", "--in", f"oci:{place.folder}", "--into", str(back)]
    assert "[signature-missing]" in run(*command, "--key", str(keys / "mine.pub")).stderr
    for name in ("other.pem", "mine.pem", "mine.pem"):
        again = built(keys / name)
        assert (again["outcome"], again["digest"]) == ("unchanged", first["digest"])
    assert again["attachments"].count(signatures.MEDIA_TYPE) == 2
    assert [one for one in said if one.startswith("signed")] == [
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
    valid_bundle, verdict, made, tmp_path, outcome
):
    place = Layout(tmp_path / "images")
    order = BuildRequest(f"oci:{place.folder}", None, made.parent, seal="process", commit=COMMIT)
    first = build(valid_bundle, verdict, order, report=lambda _: None)
    index = json.loads((place.folder / "index.json").read_bytes())
    index["manifests"] = [entry for entry in index["manifests"] if "artifactType" not in entry]
    (place.folder / "index.json").write_text(json.dumps(index))
    with pytest.raises(KamadoError, match=r"\[image-unsealed\]"):
        promote(place, "toy-conversion", first["tag"], report=print)
    again = build(valid_bundle, verdict, order, report=lambda _: None)
    assert (again["outcome"], again["attachments"]) == ("unchanged", first["attachments"])
    assert again["seal"] == first["seal"]
    released = promote(place, "toy-conversion", first["tag"], report=print)
    outcome(f"released as {released.tag}")
    assert build(valid_bundle, verdict, order, report=lambda _: None)["seal"]["way"] == "earlier"


def test_a_key_that_cannot_sign_leaves_no_image(valid_bundle, verdict, made, tmp_path):
    order = BuildRequest(f"oci:{tmp_path}/images", None, made.parent, seal="process", key=tmp_path / "absent.pem")
    with pytest.raises(SignatureError):
        build(valid_bundle, verdict, order, report=lambda _: None)
    assert not (tmp_path / "images").exists()


def test_codebuild_runs_commands_that_there_are():
    phases = yaml.safe_load((ROOT / "build" / "buildspec.yml").read_text())["phases"]
    lines = [line for phase in phases.values() for line in phase["commands"]]
    ours = [shlex.split(line.partition(" > ")[0]) for line in lines if " -m build " in line]
    assert [words[3] for words in ours] == ["verify", "image"]
    for words in ours:
        parser({}).parse_args(words[3:])
