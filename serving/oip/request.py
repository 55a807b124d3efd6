"""The body of an inference to the numbers that a scorer reads, or to the problems of the body."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pydantic
from numpy.typing import NDArray
from pydantic import TypeAdapter

from model.bundle.manifest import BundleManifest
from model.errors import Problem
from serving.body_problems import MAX_PROBLEMS, BodyProblems
from serving.errors import RequestError, TooLarge
from serving.inputs import InputNumbers
from serving.keys import SurplusKey
from serving.oip.binary import binary_parts, split
from serving.oip.envelope import parse_request
from serving.oip.outputs import WantedOutput, wanted_outputs
from serving.oip.plain import PlainReader
from serving.oip.tensor import Tensor, has_column_shape, shape_problem
from serving.oip.types import InferenceOptions, InferenceRequest
from serving.types import columns_type

MISSING_HINT = "Send its tensor, with null for each value that is not known"


@dataclass(frozen=True)
class Inference:
    """`numbers` are float64 (rows, inputs), in the order of the manifest's inputs, as `Scorer.score` takes them."""

    id: str | None
    numbers: NDArray[np.float64]
    outputs: tuple[WantedOutput, ...]


class InferenceReader:
    """Built once per bundle."""

    def __init__(self, manifest: BundleManifest, digest: str, *, max_rows: int) -> None:
        self._identity = {"model_name": manifest.model, "model_version": digest}
        self._max_rows = max_rows
        self._features = {feature.name: feature for feature in manifest.inputs}
        self._columns = TypeAdapter(columns_type(manifest))
        self._numbers = InputNumbers(manifest.inputs)
        self._plain = PlainReader(manifest, self._numbers, max_rows=max_rows)
        self._problems = BodyProblems(manifest)

    def read(self, body: bytes, json_length: str | None) -> Inference:
        """`json_length` is the binary extension's header. Raises RequestError with the first problems, TooLarge."""
        plain = self._plain.read(body) if json_length is None else None
        if plain is not None:
            self._refuse_other_model(plain.options)
            return Inference(plain.options.id, plain.numbers, wanted_outputs(plain.options))
        text, binary = split(body, json_length)
        request = parse_request(text)
        self._refuse_other_model(request)
        outputs = wanted_outputs(request)
        tensors = self._tensors(request, binary)
        self._refuse_rows(tensors)
        return Inference(request.id, self._validate(tensors), outputs)

    def _refuse_other_model(self, request: InferenceOptions) -> None:
        """KServe's client repeats the path's model in the body, and leaves the version empty."""
        values = {"model_name": request.model_name, "model_version": request.model_version}
        _raise_any(
            Problem(where, f"is {value!r:.60}", f"Send {self._identity[where]}, or leave it out", "model-unknown")
            for where, value in values.items()
            if value not in (None, "", self._identity[where])
        )

    def _tensors(self, request: InferenceRequest, binary: bytes) -> list[Tensor]:
        """One for each input that is there, with a datatype and a shape that fit."""
        tensors, problems, surplus = dict[str, Tensor](), list[Problem](), list[SurplusKey]()
        for source, raw in zip(request.inputs, binary_parts(request.inputs, binary), strict=True):
            feature = self._features.get(source.name)
            if source.name in tensors or (feature is None and has_column_shape(source)):
                surplus.append(SurplusKey((source.name,), source.name in tensors))
            elif feature is None:
                problems.append(shape_problem(source))
            else:
                tensors[source.name] = tensor = Tensor(feature, source, raw)
                if problem := tensor.problem():
                    problems.append(problem)
        missing = [] if problems else [name for name in self._features if name not in tensors]
        problems += self._problems.of_keys(surplus)
        _raise_any([*problems, *(Problem(name, "is missing", MISSING_HINT, "missing") for name in missing)])
        return [*tensors.values()]

    def _refuse_rows(self, tensors: Sequence[Tensor]) -> None:
        """All tensors have as many rows as the first; their names are checked later."""
        longest = max((tensor.rows for tensor in tensors), default=0)
        if longest > self._max_rows:
            hint = f"Send at most {self._max_rows} rows in one request, or raise KAMADO_MAX_ROWS"
            raise TooLarge(Problem("inputs", f"have {longest} rows", hint, "rows"))
        _raise_any(
            Problem(
                f"{tensor.source.name}.shape",
                f"has {tensor.rows} rows, {tensors[0].source.name} has {tensors[0].rows}",
                "Send one value per row in every tensor",
                "uneven",
            )
            for tensor in tensors
            if tensor.rows != tensors[0].rows
        )

    def _validate(self, tensors: Sequence[Tensor]) -> NDArray[np.float64]:
        """The values as /predict:batch takes them: JSON numbers are float64, whatever the datatype says of them."""
        columns, problems = dict[str, list[Any]](), list[Problem]()
        for tensor in tensors:
            try:
                columns[tensor.source.name] = tensor.values()
            except ValueError as error:
                hint = "Send one value per row, as its shape says"
                problems.append(Problem(f"{tensor.source.name}.data", str(error), hint, "uneven"))
        _raise_any(problems)
        numbers = self._numbers.of_columns(columns)
        if numbers is None or np.isinf(numbers).any():
            raise self._wrong_values(columns)
        _raise_any(self._fractions(numbers, {tensor.source.name for tensor in tensors if tensor.is_integer}))
        return numbers

    def _wrong_values(self, columns: Mapping[str, list[Any]]) -> RequestError:
        """What the types have against them."""
        try:
            self._columns.validate_python(columns)
        except pydantic.ValidationError as error:
            return RequestError(*self._problems.of_values(error.errors(include_url=False, include_context=False)))
        raise AssertionError("the types accept what the numbers do not")

    def _fractions(self, numbers: NDArray[np.float64], integers: set[str]) -> Iterable[Problem]:
        for index, name in enumerate(self._features):
            if name in integers:
                rows = np.flatnonzero(numbers[:, index] != np.round(numbers[:, index]))
                rows = rows[~np.isnan(numbers[rows, index])]
                if len(rows):
                    problem = f"is {numbers[rows[0], index]} in a tensor of integers"
                    yield Problem(f"{name}[{rows[0]}]", problem, "Send FP64 for this input", "tensor-datatype")


def _raise_any(problems: Iterable[Problem]) -> None:
    """Raises RequestError with the first of them."""
    if first := [*problems][:MAX_PROBLEMS]:
        raise RequestError(*first)
