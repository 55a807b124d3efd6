"""Inference with tensors in binary form, behind the JSON object."""

import json
import struct

import numpy as np
import pytest

from tests.serving.oip.conftest import outputs, tensors

KINDS = {"FP64": "<f8", "FP32": "<f4", "INT64": "<i8", "INT32": "<i4"}


def texts(values):
    return b"".join(struct.pack("<I", len(value.encode())) + value.encode() for value in values)


def packed(body, datatype="FP64", **changes):
    """The body with all tensors in binary form, and its headers."""
    inputs, parts = [], []
    for tensor in body["inputs"]:
        is_text = tensor["datatype"] == "BYTES"
        parts.append(texts(tensor["data"]) if is_text else numbers(tensor["data"], KINDS[datatype]))
        described = {"name": tensor["name"], "shape": tensor["shape"], "datatype": "BYTES" if is_text else datatype}
        inputs.append({**described, "parameters": {"binary_data_size": len(parts[-1])}})
    head = json.dumps({**body, "inputs": inputs, **changes}).encode()
    return b"".join((head, *parts)), {"inference-header-content-length": str(len(head))}


def numbers(values, kind):
    return np.array([np.nan if value is None else value for value in values], kind).tobytes()


@pytest.fixture(scope="module")
def known(golden):
    """Golden rows whose categories are known: BYTES in binary form have no missing value."""
    return [row for row in golden if row.input["json"] is not None and row.input["columns"] is not None][:50]


def test_rows_in_binary_form_have_the_bits_of_their_probability(infer, known):
    body, headers = packed(tensors([row.input for row in known]))
    assert outputs(infer(body, headers=headers))["probability"] == [row.probability for row in known]


@pytest.mark.parametrize("datatype", ["FP32", "INT64", "INT32"])
def test_numbers_have_the_width_of_their_datatype(infer, predict, row, datatype):
    whole = {name: float(round(value)) if isinstance(value, float) else value for name, value in row.items()}
    body, headers = packed(tensors([whole]), datatype)
    assert outputs(infer(body, headers=headers))["probability"] == [predict(whole).json()["probability"]]


def test_tensors_in_both_forms_may_be_mixed(infer, predict, row):
    body = tensors([{**row, "json": None}])
    data = struct.pack("<d", row["rent"])
    rent = next(tensor for tensor in body["inputs"] if tensor["name"] == "rent")
    del rent["data"]
    rent["parameters"] = {"binary_data_size": len(data)}
    head = json.dumps(body).encode()
    answer = infer(head + data, headers={"inference-header-content-length": str(len(head))})
    assert outputs(answer)["probability"] == [predict({**row, "json": None}).json()["probability"]]


def test_outputs_in_binary_form_follow_the_json_object(infer, known):
    rows = [{**row.input, "json": "Atlantis"} for row in known[:2]]
    body, headers = packed(tensors(rows), parameters={"binary_data_output": True})
    answer = infer(body, headers=headers)
    length = int(answer.headers["inference-header-content-length"])
    assert answer.headers["content-type"] == "application/octet-stream"
    described = json.loads(answer.content[:length])["outputs"]
    sizes = [output["parameters"]["binary_data_size"] for output in described]
    assert not any("data" in output for output in described)
    assert len(answer.content) == length + sum(sizes)
    plain = outputs(infer(tensors(rows)))
    binary = answer.content[length:]
    assert np.frombuffer(binary[: sizes[0]], "<f8").tolist() == plain["probability"]
    assert binary[sizes[0] : sizes[0] + sizes[1]] == texts(plain["unknown_categories"])


def test_an_output_may_have_a_form_of_its_own(infer, row):
    wanted = [{"name": "probability", "parameters": {"binary_data": True}}, {"name": "outside_range"}]
    answer = infer(tensors([row], outputs=wanted))
    length = int(answer.headers["inference-header-content-length"])
    described = json.loads(answer.content[:length])["outputs"]
    assert [sorted(output) for output in described] == [
        ["datatype", "name", "parameters", "shape"],
        ["data", "datatype", "name", "shape"],
    ]


def test_nan_is_a_missing_value_and_infinity_is_refused(infer, predict, error, row):
    body, headers = packed(tensors([{**row, "rent": None}]))
    assert outputs(infer(body, headers=headers))["probability"] == [
        predict({**row, "rent": None}).json()["probability"]
    ]
    body, headers = packed(tensors([{**row, "rent": np.inf}]))
    assert "rent[0]: is inf. Send a finite number" in error(body, headers=headers)


def resized(row, name, size):
    """With another size stated for one tensor."""
    body, headers = packed(tensors([row]))
    length = int(headers["inference-header-content-length"])
    head = json.loads(body[:length])
    next(tensor for tensor in head["inputs"] if tensor["name"] == name)["parameters"]["binary_data_size"] = size
    text = json.dumps(head).encode()
    return text + body[length:], {"inference-header-content-length": str(len(text))}


@pytest.mark.parametrize(
    ("name", "size", "text"),
    [
        ("_age", 4, "bytes that belong to no tensor"),
        ("_age", -1, "_age.parameters.binary_data_size: is -1, where"),
        ("_age", True, "_age.parameters.binary_data_size: is true, where"),
        ("_age", 10**6, "_age.parameters.binary_data_size: is 1000000, where"),
        ("_age", "8", '_age.parameters.binary_data_size: is "8", where'),
    ],
)
def test_sizes_that_do_not_fit_are_refused(error, row, name, size, text):
    body, headers = resized(row, name, size)
    assert text in error(body, headers=headers)


def test_a_header_that_does_not_fit_is_refused(error, row):
    body, _ = packed(tensors([row]))
    for length in (str(len(body) + 1), "-1", "x", "1" * 30):
        assert "inference-header-content-length: is" in error(body, headers={"inference-header-content-length": length})
    assert "is not JSON" in error(body, headers={})


@pytest.mark.parametrize(
    ("data", "text"),
    [
        (b"\x01\x00", "json.data: ends inside of the length of text 0"),
        (b"\x09\x00\x00\x00Ota", "json.data: ends inside of text 0, which has 9 bytes"),
        (b"\x01\x00\x00\x00\xff", "json.data: has text 0 in another encoding than UTF-8"),
        (texts(["Ota", "Ota", "Ota"]), "json.data: has more texts, its shape says 1"),
        (b"", "json.data: has 0 texts, its shape says 1"),
    ],
)
def test_texts_that_are_damaged_are_refused(error, row, data, text):
    body = tensors([row])
    tensor = next(tensor for tensor in body["inputs"] if tensor["name"] == "json")
    del tensor["data"]
    tensor["parameters"] = {"binary_data_size": len(data)}
    head = json.dumps(body).encode()
    assert text in error(head + data, headers={"inference-header-content-length": str(len(head))})


def test_data_in_both_forms_or_of_another_width_is_refused(error, row):
    body = tensors([row])
    rent = next(tensor for tensor in body["inputs"] if tensor["name"] == "rent")
    rent["parameters"] = {"binary_data_size": 4}
    head = json.dumps(body).encode()
    headers = {"inference-header-content-length": str(len(head))}
    assert "rent.data: is there beside binary_data_size" in error(head + b"1234", headers=headers)
    del rent["data"]
    head = json.dumps(body).encode()
    headers = {"inference-header-content-length": str(len(head))}
    assert "rent.data: has 4 bytes, 1 values of FP64 have 8" in error(head + b"1234", headers=headers)
