"""The software bill of materials: what is in an image, in the format that scanners read."""

import gzip
import json
import re
from dataclasses import replace
from pathlib import Path

import pytest
from cyclonedx.model.bom import Bom
from cyclonedx.schema import SchemaVersion

from build.image.attest.sbom import sbom
from model.bundle.folder import bundle_digest
from tests.contracts.image_store import blob

ROOT = Path(__file__).resolve().parents[4]


@pytest.fixture(scope="module")
def document(candidate, tmp_path_factory):
    return sbom(candidate, cache=tmp_path_factory.mktemp("cache"))


class TestTheBillOfMaterials:
    def test_it_lists_what_is_installed_with_its_version(self, document):
        written = json.loads(document.data)
        versions = {component["name"]: component.get("version") for component in written["components"]}
        lock = (ROOT / "build" / "image" / "base_images" / "server" / "requirements.txt").read_text()
        for name in ("numpy", "pydantic", "fastapi", "uvicorn"):
            assert f"{name}=={versions[name]}" in lock
        assert {"libc6", "python3.11-minimal", "libstdc++6", "ca-certificates"} <= versions.keys()
        assert written["compositions"][0]["aggregate"] == "complete"

    def test_every_package_has_an_address_by_which_scanners_know_it(self, document):
        components = json.loads(document.data)["components"]
        purls = [component["purl"] for component in components if component["type"] == "library"]
        assert all(re.match(r"pkg:deb/(debian|ubuntu)/.+\?distro=\1-\d+|pkg:pypi/", purl) for purl in purls)
        assert len(purls) > 30

    def test_the_model_is_in_it_by_digest(self, document, valid_bundle):
        components = json.loads(document.data)["components"]
        [model] = [component for component in components if component["type"] == "machine-learning-model"]
        assert model["hashes"] == [{"alg": "SHA-256", "content": bundle_digest(valid_bundle).removeprefix("sha256:")}]

    def test_it_is_what_the_format_demands_to_the_last_field(self, document):
        from cyclonedx.validation.json import JsonStrictValidator  # makes parsers for a second when it is imported

        assert JsonStrictValidator(SchemaVersion.V1_6).validate_str(document.data.decode()) is None

    def test_the_library_of_the_format_reads_it(self, document):
        read = Bom.from_json(json.loads(document.data))
        assert len(read.components) == len(json.loads(document.data)["components"])

    def test_it_is_the_same_bytes_every_time(self, document, candidate, tmp_path):
        assert sbom(candidate, cache=tmp_path) == document

    def test_what_was_cached_for_a_base_is_not_read_from_its_layers_again(self, candidate, base, tmp_path):
        unreadable = replace(base, layers=tuple(replace(layer, open=never) for layer in base.layers))
        first = sbom(candidate, cache=tmp_path)
        assert first == sbom(replace(candidate, base=unreadable), cache=tmp_path)

    @pytest.mark.parametrize(
        "data", [b"", b"no tar" * 200, gzip.compress(b"no tar" * 200)], ids=["empty", "no", "gzip"]
    )
    def test_a_base_that_cannot_be_read_is_not_called_complete(self, candidate, base, data, tmp_path):
        broken = replace(base, layers=(blob(data),))
        document = sbom(replace(candidate, base=broken), cache=tmp_path)
        assert json.loads(document.data)["compositions"][0]["aggregate"] == "incomplete"

    def test_a_base_that_is_not_on_this_machine_is_not_fetched_and_the_sbom_says_so(self, candidate, base, tmp_path):
        far = tuple(replace(layer, origin="registry.example/base", open=never) for layer in base.layers)
        document = sbom(replace(candidate, base=replace(base, layers=far)), cache=tmp_path)
        written = json.loads(document.data)
        assert written["compositions"][0]["aggregate"] == "incomplete"
        [component] = [component for component in written["components"] if component["name"] == "base"]
        assert component["hashes"][0]["content"] == base.digest.removeprefix("sha256:")


def never():
    raise AssertionError("this layer must not be read")
