"""verdict.json as a class."""

import pytest

from artifacts.checksum import checksum_of
from artifacts.verdict import Bootstrap, Reason, Verdict
from model.errors import DataError
from model.files import dump_json, parse_json


def verdict(**changes):
    values = {
        "verdict": "hold",
        "reasons": (Reason(rule="size", measured=12, bound="<= 50", passed=True, message="Small."),),
        "metrics": {"auc": 0.7},
        "bundle": "sha256:" + "a" * 64,
        "champion": None,
        "spec_sha256": "b" * 64,
        "sql_sha256": "c" * 64,
        "test_rows_sha256": "d" * 64,
        "bootstrap": Bootstrap(seed=7, draws=1000),
    }
    return Verdict(**(values | changes)).with_checksum()


def test_what_is_written_is_read_again(tmp_path):
    verdict().write(tmp_path)
    assert Verdict.read(tmp_path) == verdict()


def test_the_checksum_is_that_of_the_file_and_follows_every_field():
    document = parse_json(verdict().dump())
    assert document["sha256"] == checksum_of(document)
    assert verdict(metrics={"auc": 0.8}).sha256 != verdict().sha256
    assert verdict().with_checksum() == verdict()


@pytest.mark.parametrize(
    ("key", "value", "code"),
    [
        ("format", 2, "artifact-format"),
        ("verdict", "accept", "artifact-invalid"),
        ("bundle", "a" * 64, "artifact-invalid"),
        ("metrics", {"auc": "high"}, "artifact-invalid"),
        ("reasons", [{"rule": "size"}], "artifact-invalid"),
        ("note", "one key more", "artifact-invalid"),
    ],
)
def test_any_other_content_is_refused_by_field(key, value, code):
    with pytest.raises(DataError) as refusal:
        Verdict.parse(dump_json({**parse_json(verdict().dump()), key: value}), name="verdict.json")
    assert {problem.code for problem in refusal.value.problems} == {code}
    assert all(f"verdict.json {key}" in problem.where for problem in refusal.value.problems)


def test_failed_reasons_are_those_that_did_not_pass():
    failed = Reason(rule="auc", measured="nan", bound="a finite number", passed=False, message="auc is nan.")
    assert verdict(reasons=(*verdict().reasons, failed)).failed == (failed,)
