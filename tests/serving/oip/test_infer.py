"""Inference with tensors in JSON."""

import json

import pytest

from serving.errors import overloaded
from serving.oip.errors import refusal
from tests.serving.oip.conftest import outputs, tensors


@pytest.mark.parametrize("size", [1, 64, 120])
def test_golden_rows_have_the_bits_of_their_probability(infer, golden, size):
    for start in range(0, len(golden), size):
        rows = golden[start : start + size]
        answer = outputs(infer(tensors([row.input for row in rows])))
        assert answer["probability"] == [row.probability for row in rows]


def test_a_large_body_beside_the_event_loop_has_the_bits_of_a_batch(infer, predict, golden):
    rows = [row.input for row in golden] * 20
    batch = predict({"rows": rows}, "/predict:batch").json()
    assert outputs(infer(tensors(rows)))["probability"] == batch["probability"]


def test_the_answer_names_model_version_and_request(infer, row, predictor):
    answer = infer(tensors([row], id="a-1", parameters={"any": 1})).json()
    assert {key: answer[key] for key in ("model_name", "model_version", "id")} == {
        "model_name": "rent-conversion",
        "model_version": predictor.digest,
        "id": "a-1",
    }
    assert "id" not in infer(tensors([row])).json()


def test_flags_are_outputs_with_the_names_for_each_row(infer, row):
    rows = [row, {**row, "json": "Atlantis"}, {**row, "rent": 5.0}]
    answer = outputs(infer(tensors(rows)))
    assert answer["unknown_categories"] == ["[]", '["json"]', "[]"]
    assert json.loads(answer["outside_bounds"][2]) == ["rent per m2", "rent"]
    assert answer["outside_range"] == ["[]", "[]", '["rent"]']


def test_outputs_are_those_that_were_wanted_in_that_order(infer, row):
    wanted = [{"name": "outside_bounds"}, {"name": "probability", "parameters": {"binary_data": False}}]
    answer = infer(tensors([row], outputs=wanted)).json()
    assert [output["name"] for output in answer["outputs"]] == ["outside_bounds", "probability"]
    assert [output["datatype"] for output in answer["outputs"]] == ["BYTES", "FP64"]
    assert len(infer(tensors([row], outputs=[])).json()["outputs"]) == 4


def test_null_is_a_missing_value(infer, predict, row):
    missing = {**row, "rent": None, "json": None}
    assert outputs(infer(tensors([missing])))["probability"] == [predict(missing).json()["probability"]]


def test_tensors_may_be_columns_written_out(infer, golden):
    body = tensors([row.input for row in golden[:3]])
    for tensor in body["inputs"]:
        tensor["shape"], tensor["data"] = [3, 1], [[value] for value in tensor["data"]]
    assert outputs(infer(body))["probability"] == [row.probability for row in golden[:3]]


@pytest.mark.parametrize("datatype", ["FP64", "FP32", "INT64", "INT32"])
def test_numbers_are_json_numbers_whatever_their_datatype(infer, predict, row, datatype):
    whole = {name: round(value) if isinstance(value, float) else value for name, value in row.items()}
    body = tensors([whole])
    for tensor in body["inputs"]:
        tensor["datatype"] = tensor["datatype"].replace("FP64", datatype)
    assert outputs(infer(body))["probability"] == [predict(whole).json()["probability"]]


def test_the_version_may_be_named(infer, row, path, predictor, golden):
    at = f"{path}/versions/{predictor.digest}/infer"
    body = tensors([row], model_name="rent-conversion", model_version=predictor.digest)
    assert outputs(infer(body, at=at)) == outputs(infer(tensors([row])))
    assert outputs(infer(tensors([row], model_version=""))) == outputs(infer(tensors([row])))


TENSOR = {  # changes of the tensor `rent` -> what the refusal says
    "its values": ({"data": ["5"]}, 'rent[0]: is "5". Send a number, or null when it is not known'),
    "a boolean": ({"data": [True]}, "rent[0]: is true. Send a number"),
    "values missing": ({"data": []}, "rent.data: has 0 values, its shape says 1"),
    "no data": ({"data": None}, "rent.data: is missing. Send it, or bytes behind the JSON object"),
    "rows": ({"shape": [2], "data": [1, 2]}, "model_config.shape: has 1 rows, rent has 2"),
    "a matrix": ({"shape": [1, 40]}, "rent.shape: is [1, 40]. Send one tensor for each input, named like it"),
    "a scalar": ({"shape": []}, "rent.shape: is []"),
    "a negative shape": ({"shape": [-1]}, "rent.shape: is [-1]"),
    "texts": ({"datatype": "BYTES"}, "rent.datatype: is BYTES. Send FP64 or FP32 or INT64 or INT32 for this input"),
    "a fraction": ({"datatype": "INT64", "data": [1.5]}, "rent[0]: is 1.5 in a tensor of integers. Send FP64"),
    "its name": ({"name": "rnt"}, "rnt: is not an input of this model. Did you mean rent?; rent: is missing"),
    "lists of two": ({"shape": [1, 1], "data": [[1, 2]]}, "rent.data: has another thing than a list of one value"),
    "a list and a value": ({"shape": [1, 1], "data": [[1], 2]}, "list of one value as row 1"),
    "the position": ({"name": "position"}, "every row is scored as if shown at position 1"),
    "a name twice": ({"name": "class"}, "class: appears twice"),
    "a matrix of all": ({"name": "input-0", "shape": [1, 6]}, "input-0.shape: is [1, 6]. Send one tensor for each"),
    "a shape of texts": ({"shape": ["1"]}, 'inputs[0].shape[0]: is "1". Send an integer'),
    "no shape": ({"shape": None}, "inputs[0].shape: is null. Send a list"),
    "another key": ({"dtype": "FP64"}, "inputs[0].dtype: is not a key of the protocol"),
}


@pytest.mark.parametrize("case", TENSOR)
def test_a_tensor_that_does_not_fit_is_refused(error, row, case):
    changes, text = TENSOR[case]
    body = tensors([row])
    rent = next(tensor for tensor in body["inputs"] if tensor["name"] == "rent")
    body["inputs"].remove(rent)
    body["inputs"].insert(0, {**rent, **changes})
    assert text in error(body)


REQUEST = {
    "no inputs": ({"inputs": []}, "inputs: is []. Send at least one"),
    "another output": ({"outputs": [{"name": "score"}]}, "outputs[0].name: is 'score'. This model has probability"),
    "an output twice": ({"outputs": [{"name": "probability"}] * 2}, "outputs[1].name: appears twice"),
    "a form of output": (
        {"outputs": [{"name": "probability", "parameters": {"binary_data": 1}}]},
        "outputs[0].parameters.binary_data: is 1. Send true or false",
    ),
    "another model": ({"model_name": "other"}, "model_name: is 'other'. Send rent-conversion"),
    "an id": ({"id": 5}, "id: is 5. Send a string"),
    "another key": ({"input": []}, "input: is not a key of the protocol"),
}


@pytest.mark.parametrize("case", REQUEST)
def test_a_request_that_is_not_of_the_protocol_is_refused(error, row, case):
    changes, text = REQUEST[case]
    assert text in error({**tensors([row]), **changes})


@pytest.mark.parametrize(
    ("changes", "text"),
    [
        ({"data": "K"}, '.data: is "K". Send a list'),
        ({"shape": [1.0]}, ".shape[0]: is 1.0. Send an integer"),
        ({"shape": [True]}, ".shape[0]: is true. Send an integer"),
    ],
)
def test_what_only_looks_like_one_value_in_a_list_is_refused(error, row, changes, text):
    body = tensors([row])
    index = next(index for index, tensor in enumerate(body["inputs"]) if tensor["name"] == "json")
    body["inputs"][index] |= changes
    assert f"inputs[{index}]{text}" in error(body)


def test_a_refusal_under_load_says_when_to_ask_again():
    assert refusal(overloaded(4, "large bodies")).headers == ((b"retry-after", b"1"),)


TEXTS = {
    "no JSON": (b'{"inputs": [', "body: is not JSON"),
    "a list": (b"[]", "body: is []. Send an object"),
    "a key twice": (b'{"id": "1", "id": "2", "inputs": [{"name": "rent", "datatype": "FP64"}]}', "id: appears twice"),
    "a tensor's key twice": (
        b'{"inputs": [{"name": "rent", "name": "rent", "shape": [1], "datatype": "FP64", "data": [1]}]}',
        "name: appears twice",
    ),
    "a key very often": (b'{"inputs": [], ' + b'"id": "1", ' * 30 + b'"id": "2"}', "id: appears twice"),
    "a key twice by a long integer": (
        b'{"id": "1", "id": "2", "inputs": [%s]}' % (b"1" * 5000),
        "id: appears",
    ),
    "NaN": (
        b'{"inputs": [{"name": "rent", "shape": [1], "datatype": "FP64", "data": [NaN]}]}',
        "rent[0]: is nan. Send a finite number, or null when it is not known",
    ),
}


@pytest.mark.parametrize("case", TEXTS)
def test_a_body_that_is_not_strict_json_is_refused(error, case):
    body, text = TEXTS[case]
    assert text in error(body)


def test_texts_that_look_like_keys_are_no_keys(infer, row):
    odd = {**row, "json": '": ": '}
    assert outputs(infer(tensors([odd])))["unknown_categories"] == ['["json"]']


def test_very_many_problems_are_cut_short(error, row):
    body = tensors([row])
    body["inputs"] += [{**body["inputs"][0], "name": f"x{index}"} for index in range(3_000)]
    assert error(body).count("is not an input") == 20
    assert error({**tensors([row]), **dict.fromkeys(map(str, range(50_000)))}).count("is not a key") == 20


def test_the_limits_are_those_of_a_batch(error, row):
    assert "inputs: have 5001 rows. Send at most 5000 rows" in error(tensors([row] * 5001), 413)
    assert "body: has 9000000 bytes" in error(b" " * 9_000_000, 413)


def test_metrics_count_an_inference_like_a_batch(infer, row, counted, path, predictor):
    infer(tensors([row, {**row, "json": "Atlantis"}]))
    infer(tensors([{**row, "rent": "5"}]), at=f"{path}/versions/{predictor.digest}/infer")
    growth = counted()
    assert growth["kamado_rows_total"] == 2
    assert growth['kamado_unknown_category_total{feature="json"}'] == 1
    assert growth['kamado_refused_total{code="number",status="400"}'] == 1
    assert growth[f'kamado_scored_total{{route="{path}/infer"}}'] == 1
    assert growth[f'kamado_request_seconds_count{{route="{path}/infer"}}'] == 2
