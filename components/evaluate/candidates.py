"""Who is compared: the new model, the model in service and the baselines, all scored on the same rows in one pass.

Every model is scored twice. Its probability is asked at the logged place, where it was observed; its order at the held
place, which is how it will serve. The two must not be mixed: probabilities at place 1 look several times too high.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import pyarrow as pa
import pydantic
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field

from components.evaluate.test_set import batches, columns_of
from model.bundle.bundle import Bundle
from model.bundle.calibration import Calibration, Sampling, sigmoid
from model.bundle.features import CategoryFeature, Feature
from model.bundle.linear import Linear
from model.bundle.predictor import Predictor
from model.errors import DataError, Problem
from model.files import read_json

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(frozen=True)
class Scores:
    """Per row: `probability` at the logged place, `order` with the place held. The same array without places."""

    probability: Floats
    order: Floats


class Contender(Protocol):
    """`inputs` are the matrix's features; `held` is the one that is the place, and where it is held."""

    @property
    def features(self) -> Sequence[Feature]: ...

    @property
    def held(self) -> tuple[str, int] | None: ...

    def probability(self, matrix: NDArray[np.float32]) -> Floats: ...


class BundleContender:
    def __init__(self, bundle: Bundle, *, threads: int) -> None:
        position = bundle.manifest.position
        self.features: Sequence[Feature] = bundle.manifest.features
        self.held = (position.feature, position.constant) if position else None
        self._predictor = Predictor(bundle, threads=threads)

    def probability(self, matrix: NDArray[np.float32]) -> Floats:
        return self._predictor.probability(matrix)


class _Part(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True, allow_inf_nan=False)


class Constant(_Part):
    probability: float = Field(gt=0, lt=1)


class Logistic(_Part):
    """A logistic regression in the form of a bundle's linear part."""

    features: tuple[Feature, ...] = Field(min_length=1)
    linear: Linear
    sampling: Sampling = Sampling(kept_negatives=1.0)
    calibration: Calibration = Calibration()
    place: str | None = None

    @property
    def held(self) -> tuple[str, int] | None:
        return (self.place, 1) if self.place in [feature.name for feature in self.features] and self.place else None

    def probability(self, matrix: NDArray[np.float32]) -> Floats:
        margin = self.linear.margin(matrix, [feature.name for feature in self.features])
        return sigmoid(self.calibration.apply(self.sampling.correct(margin)))


class Baselines(_Part):
    constant: Constant
    logistic: Logistic


def read_baselines(training: Path, *, place: str | None) -> Baselines:
    """Raises DataError that names the file and every field that is wrong."""
    path = training / "baselines.json"
    try:
        found = Baselines.model_validate(read_json(path, made_by="train"))
    except pydantic.ValidationError as error:
        problems = [
            Problem(
                f"{path} {'.'.join(str(part) for part in one['loc'])}",
                one["msg"],
                "Run train again",
                "baselines-damaged",
            )
            for one in error.errors(include_url=False)
        ]
        raise DataError(*problems) from None
    return Baselines(constant=found.constant, logistic=found.logistic.model_copy(update={"place": place}))


def inputs_of(contender: Contender) -> tuple[str, ...]:
    """The columns that a contender reads, its place aside."""
    held = contender.held[0] if contender.held else None
    return tuple(feature.name for feature in contender.features if feature.name != held)


def missing_inputs(contender: Contender, path: Path) -> tuple[str, ...]:
    known = columns_of(path)
    return tuple(name for name in inputs_of(contender) if name not in known)


def score(
    contenders: dict[str, Contender], path: Path, place: Ints | None, *, rows: int, told: Callable[[int], None]
) -> dict[str, Scores]:
    """Scores of every contender in one pass over the file. `told` hears the number of rows done.

    Raises DataError for a column that is no number where a number belongs.
    """
    names = tuple(dict.fromkeys(name for contender in contenders.values() for name in inputs_of(contender)))
    found = {name: Scores(*_empty(rows, contender.held is not None)) for name, contender in contenders.items()}
    start = 0
    for batch in batches(path, names):
        part = slice(start, start + batch.num_rows)
        for name, contender in contenders.items():
            matrix = encode(contender, batch, place[part] if place is not None else None)
            found[name].probability[part] = contender.probability(matrix)
            if contender.held:
                matrix[:, place_column(contender)] = contender.held[1]
                found[name].order[part] = contender.probability(matrix)
        start += batch.num_rows
        told(start)
    return found


def _empty(rows: int, twice: bool) -> tuple[Floats, Floats]:
    probability = np.empty(rows)
    return probability, np.empty(rows) if twice else probability


def place_column(contender: Contender) -> int:
    """Where the place stands in the matrix of a contender that has one."""
    assert contender.held is not None
    return [feature.name for feature in contender.features].index(contender.held[0])


def encode(contender: Contender, batch: pa.RecordBatch, place: Ints | None) -> NDArray[np.float32]:
    """A batch -> the contender's matrix; the place held constant when none is given. Raises DataError."""
    matrix = np.empty((batch.num_rows, len(contender.features)), np.float32)
    for number, feature in enumerate(contender.features):
        if contender.held and feature.name == contender.held[0]:
            matrix[:, number] = contender.held[1] if place is None else place
        elif isinstance(feature, CategoryFeature):
            matrix[:, number] = _codes(feature, batch[feature.name])
        else:
            matrix[:, number] = feature.encode(_numbers(batch[feature.name], feature.name))
    return matrix


def _codes(feature: CategoryFeature, column: pa.Array) -> NDArray[np.float32]:
    """Each distinct value is encoded once."""
    if not pa.types.is_dictionary(column.type):
        column = column.dictionary_encode()
    codes = np.append(feature.encode(column.dictionary.to_pylist()), np.float32(np.nan))
    found: NDArray[np.float32] = codes[column.indices.fill_null(len(codes) - 1).to_numpy(zero_copy_only=False)]
    return found


def _numbers(column: pa.Array, name: str) -> NDArray[Any]:
    try:
        values: NDArray[Any] = column.cast(pa.float64()).to_numpy(zero_copy_only=False)
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError) as error:
        raise DataError(
            Problem(f"test rows {name}", f"is not a number ({error})", "Run preprocess again", "column-not-number")
        ) from None
    return values
