"""The reader of XGBoost's binary JSON: it reads what XGBoost writes and refuses everything else."""

import contextlib
import json

import pytest
import xgboost
from hypothesis import given, settings
from hypothesis import strategies as st

from model.booster.ubjson import NotUbjson, parse
from model.bundle.folder import BOOSTER
from tests.build.tamper import ubj


def plain(value):
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items()}
    return [plain(item) for item in value] if hasattr(value, "__iter__") and not isinstance(value, str) else value


def test_it_reads_what_xgboost_writes_as_json(valid_bundle):
    data = (valid_bundle / BOOSTER).read_bytes()
    booster = xgboost.Booster({"nthread": 1})
    booster.load_model(bytearray(data))
    expected = json.loads(bytes(booster.save_raw("json")))
    document = plain(parse(data))
    for tree, written in zip(trees(document), trees(expected), strict=True):
        for name in ("base_weights", "loss_changes", "split_conditions", "sum_hessian"):
            assert tree.pop(name) == pytest.approx(written.pop(name), rel=1e-6)
    assert document == expected


def trees(booster):
    return booster["learner"]["gradient_booster"]["model"]["trees"]


def test_written_again_it_is_the_same_bytes(valid_bundle):
    data = (valid_bundle / BOOSTER).read_bytes()
    assert ubj(parse(data)) == data


@given(st.binary(max_size=200))
def test_any_bytes_are_read_or_refused(data):
    read_or_refused(data)


@settings(max_examples=200)
@given(st.data())
def test_any_change_of_one_byte_is_read_or_refused(valid_bundle, data):
    changed = bytearray((valid_bundle / BOOSTER).read_bytes())
    changed[data.draw(st.integers(0, len(changed) - 1))] = data.draw(st.integers(0, 255))
    read_or_refused(bytes(changed))


def read_or_refused(data):
    with contextlib.suppress(NotUbjson):
        parse(data)


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "ends at byte 0"),
        (b"x", "unknown marker 'x' at byte 0"),
        (b"i\x01i\x01", "2 byte(s) follow the end"),
        (b"[$dx", "'x' at byte 3, expected '#'"),
        (b"[$[#", "array of '['"),
        (b"SL\x7f\xff\xff\xff\xff\xff\xff\xff", "is beyond the file"),
        (b"{" + b"L\0\0\0\0\0\0\0\1ai\1" * 2 + b"}", "duplicate key 'a'"),
        (b"SL\0\0\0\0\0\0\0\1\xff", "is not UTF-8"),
    ],
)
def test_a_refusal_names_the_byte(data, message):
    with pytest.raises(NotUbjson, match=message.replace("(", r"\(").replace(")", r"\)").replace("[", r"\[")):
        parse(data)
