"""Passwords in the address of a store or a base: refused, and never printed."""

import json
import os
import subprocess
import sys

import pytest

from build.image.base.base import BaseError
from build.image.base.named_base import registry_base
from build.oci.open_store import open_store
from build.oci.redact import redacted
from cli.main import main
from model.errors import OutputError
from tests.build.oci.registry_stores import ROOT


@pytest.mark.case("a store or a base with a password in its address")
@pytest.mark.parametrize(
    "address",
    [
        "registry://me:hunter2@registry.example/kamado",
        "registry://me@corp.example:hunter2@registry.example/kamado",
        "registry://me:hunter2/@registry.example/kamado",
        "registry://me:@hunter2@registry.example/kamado",
        "registry://me:hunter2@[::1/x",
        "ecr://me:hunter2@x/y",
    ],
)
def test_a_password_in_an_address_is_refused_and_not_told(tmp_path, outcome, address):
    with pytest.raises(OutputError) as refusal:
        open_store(address, cache=tmp_path)
    outcome(refusal.value.problems[0])
    assert [problem.code for problem in refusal.value.problems] == ["store-login"]
    assert "hunter2" not in str(refusal.value)


@pytest.mark.parametrize(
    "reference",
    [
        "me:hunter2@registry.example/base:1",
        "me@corp.example:hunter2@registry.example/base:1",
        "me:1/hunter2@registry.example/base:1",
        "https://me:hunter2@registry.example/base",
    ],
)
def test_a_password_in_the_address_of_a_base_is_refused_and_not_told(tmp_path, reference):
    with pytest.raises(BaseError, match="holds a login") as refusal:
        registry_base(reference, cache=tmp_path)
    assert "hunter2" not in str(refusal.value)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("https://me:pw@h.example/v2/?_state=abc&digest=sha256:1", "https://…@h.example/v2/?_state=…&digest=sha256:1"),
        ("me:pw@h.example/x", "…@h.example/x"),
        ("me@corp.example:p/w@h.example/x", "…@h.example/x"),
        ("kamado:tag@sha256:0123", "kamado:tag@sha256:0123"),
        ("h.example:5000/kamado:tag@sha256:0123", "h.example:5000/kamado:tag@sha256:0123"),
        ("answered 404 to GET tags/list?n=1000&last=a", "answered 404 to GET tags/list?n=1000&last=a"),
        ("PUT https://s3.example/x?X-Amz-Signature=1f&n=2", "PUT https://s3.example/x?X-Amz-Signature=…&n=2"),
    ],
)
def test_what_is_said_of_an_address_holds_no_secret(text, expected):
    assert redacted(text) == expected
    assert redacted(expected) == expected


WRONG_STORES = {
    "an unknown scheme": (["image", "bundle", "--verdict=x", "--to=foo://host/x"], {}, "--to=foo://host/x"),
    "no scheme": (["releases", "toy", "--in=images"], {}, "--in=images"),
    "a registry without a repository": (
        ["promote", "toy", "tag", "--in", "registry://host"],
        {},
        "--in=registry://host",
    ),
    "the environment's": (["rollback", "toy"], {"KAMADO_IMAGES": "gar://host/x"}, "KAMADO_IMAGES=gar://host/x"),
}


@pytest.mark.case("a store that the command line does not name rightly")
@pytest.mark.parametrize("case", WRONG_STORES)
def test_an_address_of_no_store_is_reported_with_the_other_mistakes_of_the_command_line(case, outcome, capsys):
    words, environ, where = WRONG_STORES[case]
    assert main([*words, "--nothing", "--json"], environ) == 2
    refusal = json.loads(capsys.readouterr().out)
    outcome(refusal["problems"][1])
    assert refusal["exit_code"] == 2
    assert [problem["code"] for problem in refusal["problems"]] == ["argument-unknown", "store-unknown"]
    assert refusal["problems"][1]["where"] == where
    assert "ecr://ACCOUNT.REGION/REPOSITORY" in refusal["problems"][1]["hint"]


def test_the_password_of_a_store_on_the_command_line_is_not_told(capsys):
    assert main(["releases", "toy", "--in=registry://me:hunter2@registry.example/kamado"], {}) == 2
    assert "store-login" in (refusal := capsys.readouterr().err)
    assert "hunter2" not in refusal


def test_help_does_not_print_the_password_of_the_default_store():
    environ = {**os.environ, "KAMADO_IMAGES": "registry://me:hunter2@registry.example/kamado"}
    command = [sys.executable, "-m", "cli", "image", "--help"]
    output = subprocess.run(command, cwd=ROOT, env=environ, capture_output=True, text=True, check=True).stdout
    assert "KAMADO_IMAGES" in output
    assert "hunter2" not in output
