"""The signature of bundle and verdict by a key of the user's own."""

import json
import shutil

import pytest

from build.image.attest.signature import SignatureError, check, sign
from model.bundle.folder import BOOSTER

CORRUPTIONS = {
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

    @pytest.mark.parametrize("spoil", sorted(CORRUPTIONS))
    def test_that_was_changed_does_not(self, bundle, keys, spoil, capsys):
        signed = json.loads(sign(bundle, keys / "mine.pem").data)
        CORRUPTIONS[spoil](signed)
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
        for use in (lambda: sign(bundle, keys / "absent"), lambda: check(bundle, b"", keys / "absent")):
            with pytest.raises(SignatureError, match="is not a file") as refusal:
                use()
            assert [problem.code for problem in refusal.value.problems] == ["key-missing"]

    def test_of_a_bundle_with_a_link_in_it_blames_the_bundle_and_not_the_key(self, bundle, keys):
        (bundle / "more").symlink_to("nowhere")
        with pytest.raises(SignatureError, match="symlink") as refusal:
            sign(bundle, keys / "mine.pem")
        assert [problem.code for problem in refusal.value.problems] == ["signature-broken"]
