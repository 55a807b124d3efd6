"""The provenance: how an image was built, and which smoke test it passed."""

import json
import re
from dataclasses import replace
from urllib.parse import urlsplit

import pytest
from in_toto_attestation.v1.statement import Statement

from build.image.attest.provenance import provenance
from build.image.smoke_test.smoke_test import SmokeTestResult
from model.version import version

COMMIT = "0123456789abcdef0123456789abcdef01234567"


class TestTheProvenance:
    @pytest.fixture
    def statement(self, candidate):
        def write(commit=COMMIT, way="engine"):
            return provenance("host/kamado", candidate, smoke_test=SmokeTestResult(way, 278), commit=commit)

        return write

    def test_the_library_of_the_format_accepts_it(self, statement, candidate):
        written = json.loads(statement().data)
        Statement.copy_from_pb(_parsed(written)).validate()
        assert written["subject"][0]["digest"] == {"sha256": candidate.image.digest.removeprefix("sha256:")}

    def test_every_input_stands_in_it_by_digest(self, statement, candidate, base, passed):
        dependencies = json.loads(statement().data)["predicate"]["buildDefinition"]["resolvedDependencies"]
        digests = {dependency["name"]: dependency.get("digest") for dependency in dependencies}
        assert digests["bundle"] == {"sha256": passed.digest.removeprefix("sha256:")}
        assert digests["base"] == {"sha256": base.digest.removeprefix("sha256:")}
        assert digests["spec"] == {"sha256": candidate.bundle.manifest.lineage.spec_sha256}
        assert digests["kamado"] == {"gitCommit": COMMIT}

    @pytest.mark.parametrize("commit", [COMMIT, f"{COMMIT}-dirty", None])
    def test_every_descriptor_has_what_the_format_demands(self, statement, commit):
        written = json.loads(statement(commit=commit).data)
        predicate = written["predicate"]
        definition, details = predicate["buildDefinition"], predicate["runDetails"]
        assert written["predicateType"] == "https://slsa.dev/provenance/v1"
        assert urlsplit(definition["buildType"]).scheme
        assert urlsplit(details["builder"]["id"]).scheme
        assert details["builder"]["version"] == {"kamado": version()}
        assert definition["externalParameters"]
        for descriptor in (*written["subject"], *definition["resolvedDependencies"], *details["byproducts"]):
            # The library looks at less than the specification: uri, digest or content, a name is not enough.
            assert descriptor.keys() & {"uri", "digest", "content"}, descriptor
            assert all(re.fullmatch("[0-9a-f]{40,64}", value) for value in descriptor.get("digest", {}).values())

    def test_the_path_of_a_base_in_a_folder_is_left_out(self, candidate, base):
        local = replace(candidate, base=replace(base, kind="oci", name="oci:/home/somebody/images:base"))
        document = provenance("kamado", local, smoke_test=SmokeTestResult("process", 1), commit=None)
        assert b"somebody" not in document.data

    def test_the_smoke_test_is_in_it(self, statement):
        [record] = json.loads(statement(way="process").data)["predicate"]["runDetails"]["byproducts"]
        assert record["annotations"]["way"] == "process"
        assert record["annotations"]["answers"] == 278

    def test_no_digest_is_claimed_for_code_that_was_changed(self, statement):
        for commit in (f"{COMMIT}-dirty", None):
            definition = json.loads(statement(commit=commit).data)["predicate"]["buildDefinition"]
            digests = [dependency.get("digest", {}) for dependency in definition["resolvedDependencies"]]
            assert all("gitCommit" not in digest for digest in digests)

    def test_that_code_was_changed_stands_in_it(self, statement):
        definition = json.loads(statement(commit=f"{COMMIT}-dirty").data)["predicate"]["buildDefinition"]
        assert definition["internalParameters"]["code"] == f"{COMMIT}-dirty"

    def test_it_is_the_same_bytes_every_time(self, statement):
        assert statement() == statement()


def _parsed(document):
    from google.protobuf import json_format
    from in_toto_attestation.v1 import statement_pb2

    return json_format.ParseDict(document, statement_pb2.Statement())
