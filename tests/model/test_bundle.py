"""A bundle on disk: one identity, nothing loaded that is not what its manifest declares."""

import hashlib
import json
import subprocess
from pathlib import Path

import pytest

from model.bundle.bundle import load, write
from model.bundle.folder import BOOSTER, FILES, GOLDEN, MANIFEST, bundle_digest, digest_of
from model.bundle.manifest import BundleManifest
from model.errors import BundleError
from tests.runs import small_bundle


@pytest.fixture
def folder(tmp_path):
    return small_bundle(tmp_path / "bundle")


def codes(folder):
    with pytest.raises(BundleError) as refused:
        load(folder)
    return {problem.code for problem in refused.value.problems}


def change(folder, edit):
    path = folder / MANIFEST
    manifest = json.loads(path.read_text())
    edit(manifest)
    path.write_text(json.dumps(manifest))


def test_a_bundle_survives_the_disk(folder, tmp_path):
    bundle = load(folder)
    again = write(tmp_path / "again", bundle.manifest, bundle.booster, bundle.golden)
    assert again == bundle.digest == bundle_digest(folder) == bundle_digest(tmp_path / "again")
    assert load(tmp_path / "again") == bundle


def test_its_identity_is_what_sha256sum_says(folder):
    listed = subprocess.run(["sha256sum", *sorted(FILES)], cwd=folder, capture_output=True, check=True).stdout
    assert bundle_digest(folder) == f"sha256:{hashlib.sha256(listed).hexdigest()}"


def test_every_byte_counts_in_the_identity():
    files = dict.fromkeys(FILES, b"x")
    changed = {digest_of(files | {name: b"y"}) for name in FILES}
    assert len(changed | {digest_of(files)}) == 1 + len(FILES)


def test_a_second_bundle_never_overwrites_the_first(folder):
    bundle, before = load(folder), bundle_digest(folder)
    with pytest.raises(OSError, match="not empty"):
        write(folder, bundle.manifest, bundle.booster[:-1], bundle.golden)
    assert bundle_digest(folder) == before
    assert [path.name for path in folder.parent.iterdir()] == ["bundle"], "no half-made folder beside it"


@pytest.mark.parametrize("name", FILES)
def test_a_missing_file_is_named(folder, name):
    (folder / name).unlink()
    assert codes(folder) == {"file-missing"}


def test_a_flipped_bit_is_seen(folder):
    data = bytearray((folder / BOOSTER).read_bytes())
    data[len(data) // 2] ^= 1
    (folder / BOOSTER).write_bytes(data)
    assert codes(folder) == {"file-digest"}


def test_all_faults_are_reported_at_once(folder):
    (folder / BOOSTER).write_bytes(b"short")
    (folder / GOLDEN).write_text("{")
    (folder / "model.pkl").write_bytes(b"")
    assert codes(folder) == {"file-digest", "golden-json", "file-extra"}


@pytest.mark.parametrize("number", [0, 4, "1", None, True])
def test_another_format_is_refused_by_its_number(folder, number):
    change(folder, lambda manifest: manifest.update(format=number))
    assert codes(folder) == {"manifest-format"}


def test_unknown_fields_are_refused(folder):
    change(folder, lambda manifest: manifest.update(comment="harmless?"))
    assert codes(folder) == {"manifest-field"}


@pytest.mark.parametrize("share", [0, -0.1, 1.5])
def test_a_share_of_negatives_outside_0_to_1_is_refused(folder, share):
    change(folder, lambda manifest: manifest["sampling"].update(kept_negatives=share))
    assert codes(folder) == {"manifest-field"}


def test_an_uncorrected_model_is_refused(folder):
    change(folder, lambda manifest: manifest["sampling"].update(corrected=False))
    assert codes(folder) == {"manifest-field"}


def test_a_calibration_that_turns_the_order_around_is_refused(folder):
    change(folder, lambda manifest: manifest["calibration"].update(a=-0.01))
    assert codes(folder) == {"manifest-field"}


@pytest.mark.parametrize("text", ["NaN", "Infinity", "-Infinity"])
def test_numbers_that_json_does_not_have_are_refused(folder, text):
    path = folder / MANIFEST
    path.write_text(path.read_text().replace('"intercept": ', f'"intercept": {text}, "was": ', 1))
    assert codes(folder) == {"manifest-json"}


def test_a_key_that_stands_twice_is_refused(folder):
    path = folder / MANIFEST
    path.write_text(path.read_text().replace('"format": 3', '"format": 3, "format": 3', 1))
    assert codes(folder) == {"manifest-json"}


def test_the_format_s_page_names_every_field_of_the_manifest():
    page = (Path(__file__).resolve().parents[2] / "model" / "bundle" / "FORMAT.md").read_text()
    assert [name for name in BundleManifest.model_fields if f"`{name}`" not in page] == []
