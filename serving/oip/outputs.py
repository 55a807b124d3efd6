"""The outputs of the model: which are wanted, and scores to their tensors."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import orjson

from model.errors import Problem
from serving.errors import RequestError
from serving.exchange import Reply
from serving.json_body import excerpt
from serving.metrics import Scores
from serving.oip.binary import BINARY_SIZE, CONTENT_TYPE, HEADER, write_numbers, write_texts
from serving.oip.tensor import TEXT_TYPE
from serving.oip.types import InferenceOptions, ProtocolParameters, TensorMetadata
from serving.types import Flags

PROBABILITY = "probability"
OUTPUTS = {PROBABILITY: "FP64", **dict.fromkeys(Flags.model_fields, TEXT_TYPE)}  # name -> datatype
NO_NAMES = "[]"


@dataclass(frozen=True)
class WantedOutput:
    """An output of the answer, in JSON or in binary form."""

    name: str
    is_binary: bool


def output_metadata() -> list[TensorMetadata]:
    return [TensorMetadata(name=name, datatype=datatype, shape=[-1]) for name, datatype in OUTPUTS.items()]


def wanted_outputs(request: InferenceOptions) -> tuple[WantedOutput, ...]:
    """Those that the request names, in its order; else all. Raises RequestError for an unknown or repeated name."""
    default = _flag(request.parameters, "binary_data_output", "parameters", default=False)
    if not request.outputs:
        return tuple(WantedOutput(name, default) for name in OUTPUTS)
    wanted: dict[str, WantedOutput] = {}
    for index, output in enumerate(request.outputs):
        where = f"outputs[{index}]"
        if output.name not in OUTPUTS or output.name in wanted:
            problem = "appears twice" if output.name in wanted else f"is {output.name!r:.60}"
            hint = f"This model has {', '.join(OUTPUTS)}; name each once"
            raise RequestError(Problem(f"{where}.name", problem, hint, "output-unknown"))
        is_binary = _flag(output.parameters, "binary_data", f"{where}.parameters", default=default)
        wanted[output.name] = WantedOutput(output.name, is_binary)
    return tuple(wanted.values())


def _flag(parameters: ProtocolParameters | None, name: str, where: str, *, default: bool) -> bool:
    value = parameters.get(name) if parameters else None
    if value is None:
        return default
    if not isinstance(value, bool):
        raise RequestError(
            Problem(f"{where}.{name}", f"is {excerpt(value, 30)}", "Send true or false", "tensor-object")
        )
    return value


def infer_reply(identity: Mapping[str, str], id: str | None, outputs: Sequence[WantedOutput], scores: Scores) -> Reply:
    """The answer to an inference; `identity` are its model_name and model_version."""
    rows = len(scores.probability)
    objects, binary = list[dict[str, object]](), list[bytes]()
    for output in outputs:
        described = {"name": output.name, "shape": [rows], "datatype": OUTPUTS[output.name]}
        if output.is_binary:
            values = scores.probability if output.name == PROBABILITY else None
            data = write_texts(_names(scores, output.name, rows)) if values is None else write_numbers(values)
            binary.append(data)
            objects.append({**described, "parameters": {BINARY_SIZE: len(data)}})
        else:
            is_number = output.name == PROBABILITY
            objects.append(
                {**described, "data": scores.probability if is_number else _names(scores, output.name, rows)}
            )
    answer = {**identity, **({} if id is None else {"id": id}), "outputs": objects}
    text = orjson.dumps(answer, option=orjson.OPT_SERIALIZE_NUMPY)
    if not binary:
        return Reply(text)
    headers = ((HEADER.encode(), str(len(text)).encode()),)
    return Reply(b"".join((text, *binary)), 200, CONTENT_TYPE, headers)


def _names(scores: Scores, flag: str, rows: int) -> list[str]:
    """For each row, the names of the inputs or rules with this flag, as a JSON list."""
    texts = [NO_NAMES] * rows
    flagged: dict[int, list[str]] = {}
    rows_by_name: Mapping[str, Sequence[int]] = getattr(scores, flag)
    for name, indices in rows_by_name.items():
        for row in indices:
            flagged.setdefault(row, []).append(name)
    for row, names in flagged.items():
        texts[row] = orjson.dumps(names).decode()
    return texts
