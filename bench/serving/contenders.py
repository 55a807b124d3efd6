"""The servers that are compared: how each is started, what it is sent, and what it must answer.

The others read numbers by position: no names, categories as codes. That is the least work that they can be given; they
check neither names nor categories nor ranges, and answer with the booster's own probability.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np
import orjson
from numpy.typing import NDArray

from bench.environments import environment
from bench.serving.connection import post
from bench.serving.environments import server_environment
from bench.serving.model_case import ModelCase
from bench.serving.running import free_port

PEERS = Path(__file__).with_name("peers")


@dataclass(frozen=True)
class Start:
    """A command and the variables that it needs beside the inherited ones."""

    command: Sequence[str]
    variables: Mapping[str, str]


class Contender(Protocol):
    """A server with an environment of its own. `takes_columns`: whether a body may hold a list per input."""

    @property
    def name(self) -> str: ...

    @property
    def takes_columns(self) -> bool: ...

    def environment(self) -> Path: ...

    def start(self, venv: Path, port: int, case: ModelCase, scratch: Path) -> Start: ...

    def request(self, case: ModelCase, rows: range, *, columns: bool) -> bytes: ...

    def probabilities(self, body: bytes) -> list[float]: ...

    def expected(self, case: ModelCase) -> NDArray[np.floating]:
        """A probability for each row of the case, as JSON must have it to the last bit."""
        ...


class Kamado:
    """Named inputs, categories as text, everything checked; probability with correction, calibration and flags."""

    name, takes_columns = "Kamado", True

    def environment(self) -> Path:
        return server_environment()

    def start(self, venv: Path, port: int, case: ModelCase, scratch: Path) -> Start:  # noqa: ARG002  # as the others
        return Start(
            [str(venv / "bin" / "python"), "-m", "serving.server"],
            {"KAMADO_BUNDLE": str(case.bundle), "KAMADO_PORT": str(port)},
        )

    def request(self, case: ModelCase, rows: range, *, columns: bool) -> bytes:
        if columns:
            lists = {name: values[rows.start : rows.stop] for name, values in case.columns.items()}
            return post("/predict:batch", orjson.dumps({"columns": lists}))
        if len(rows) > 1:
            return post("/predict:batch", orjson.dumps({"rows": [case.row(index) for index in rows]}))
        return post("/predict", orjson.dumps(case.row(rows.start)))

    def probabilities(self, body: bytes) -> list[float]:
        probability = json.loads(body)["probability"]
        return probability if isinstance(probability, list) else [probability]

    def expected(self, case: ModelCase) -> NDArray[np.floating]:
        return case.probability


class _Peer:
    """Sends numbers by position, as JSON has them."""

    name: str
    takes_columns = False

    @property
    def folder(self) -> Path:
        return PEERS / self.name.lower()

    def environment(self) -> Path:
        return environment(self.name.lower(), self.folder / "requirements.txt")

    def start(self, venv: Path, port: int, case: ModelCase, scratch: Path) -> Start:  # noqa: ARG002  # as the others
        command = [str(venv / "bin" / "python"), str(self.folder / "server.py"), str(port), str(case.booster)]
        return Start(command, {})

    def expected(self, case: ModelCase) -> NDArray[np.floating]:
        return case.trees


class FastApi(_Peer):
    """FastAPI, numpy and XGBoost, as one writes it in twenty lines."""

    name = "FastAPI"

    def request(self, case: ModelCase, rows: range, *, columns: bool) -> bytes:  # noqa: ARG002  # as the others
        return post("/predict", orjson.dumps({"rows": _numbers(case, rows)}))

    def probabilities(self, body: bytes) -> list[float]:
        probability: list[float] = json.loads(body)["probability"]
        return probability


class KServe(_Peer):
    """KServe's SDK with a model of our own, as its XGBoost server is written; protocol v1, its cheaper one."""

    name = "KServe"

    def request(self, case: ModelCase, rows: range, *, columns: bool) -> bytes:  # noqa: ARG002  # as the others
        return post("/v1/models/m:predict", orjson.dumps({"instances": _numbers(case, rows)}))

    def probabilities(self, body: bytes) -> list[float]:
        predictions: list[float] = json.loads(body)["predictions"]
        return predictions


class MLServer(_Peer):
    """MLServer with its XGBoost runtime, in one process; protocol v2."""

    name = "MLServer"

    def start(self, venv: Path, port: int, case: ModelCase, scratch: Path) -> Start:
        folder = scratch / "mlserver"
        folder.mkdir()
        settings = {
            "debug": False,
            "parallel_workers": 0,
            "host": "127.0.0.1",
            "http_port": port,
            "grpc_port": free_port(),
            "metrics_port": free_port(),
        }
        model = {
            "name": "m",
            "implementation": "mlserver_xgboost.XGBoostModel",
            "parameters": {"uri": str(case.booster)},
        }
        (folder / "settings.json").write_text(json.dumps(settings))
        (folder / "model-settings.json").write_text(json.dumps(model))
        return Start([str(venv / "bin" / "mlserver"), "start", str(folder)], {"MLSERVER_ENABLE_TELEMETRY": "false"})

    def request(self, case: ModelCase, rows: range, *, columns: bool) -> bytes:  # noqa: ARG002  # as the others
        values = [value for row in _numbers(case, rows) for value in row]
        shape = [len(rows), case.matrix.shape[1]]
        document = {"inputs": [{"name": "x", "shape": shape, "datatype": "FP32", "data": values}]}
        return post("/v2/models/m/infer", orjson.dumps(document))

    def probabilities(self, body: bytes) -> list[float]:
        data: list[float] = json.loads(body)["outputs"][0]["data"]
        return data


class BentoML(_Peer):
    """A BentoML service with one worker whose API takes an array."""

    name = "BentoML"

    def start(self, venv: Path, port: int, case: ModelCase, scratch: Path) -> Start:
        command = [str(venv / "bin" / "bentoml"), "serve", "service:Scorer", "--working-dir", str(self.folder)]
        variables = {
            "BENTOML_DO_NOT_TRACK": "true",
            "BENTOML_HOME": str(scratch / "bentoml"),
            "BENCH_BOOSTER": str(case.booster),
            "PYTHONDONTWRITEBYTECODE": "1",
        }
        return Start([*command, "--host", "127.0.0.1", "--port", str(port)], variables)

    def request(self, case: ModelCase, rows: range, *, columns: bool) -> bytes:  # noqa: ARG002  # as the others
        return post("/predict", orjson.dumps({"x": _numbers(case, rows)}))

    def probabilities(self, body: bytes) -> list[float]:
        predictions: list[float] = json.loads(body)
        return predictions


def _numbers(case: ModelCase, rows: range) -> list[list[float]]:
    """The matrix's rows with the digits that float32 needs, as a caller would send them."""
    return [[float(str(value)) for value in row] for row in case.matrix[rows.start : rows.stop]]


CONTENDERS: dict[str, Contender] = {
    contender.name: contender for contender in (Kamado(), FastApi(), KServe(), MLServer(), BentoML())
}
