"""Kamado and what it is compared with: each a program that reads a task and writes an answer.

A task is a JSON file: the folder of the rows, that of the answer, a seed and a budget in processor seconds. The answer
is `probability.npy`, for the outer rows in their order, and `answer.json`.
"""

import ast
import hashlib
import os
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from bench.environments import environment
from bench.quality.data_sets import ROOT

PEERS = Path(__file__).with_name("peers")
FITTING = PEERS / "fitting"
ONE_THREAD = dict.fromkeys(
    ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMEXPR_NUM_THREADS", "LOKY_MAX_CPU_COUNT"), "1"
)
STEPS = ("model", "artifacts", "components")  # what Kamado's result depends on


@dataclass(frozen=True)
class Tool:
    """`program` runs in the environment of `lock`, None for this one. `peer`: a tool of today that is to be equalled;
    the others are what everyone has."""

    name: str
    title: str
    program: Path
    lock: Path | None
    peer: bool

    @property
    def is_kamado(self) -> bool:
        return self.lock is None

    def digest(self) -> str:
        """Of the code and of the versions that its results follow from."""
        digest = hashlib.sha256()
        for path in self._files():
            content = code(path) if path.suffix == ".py" else path.read_text("utf-8")
            digest.update(hashlib.sha256(content.encode()).digest())
        return digest.hexdigest()

    def command(self, task: Path) -> list[str]:
        """The environment is made when it is missing. Raises CalledProcessError when that fails."""
        if self.lock is None:
            return [sys.executable, str(self.program), str(task)]
        folder = environment(self.lock.parent.name, self.lock)
        return [str(folder / "bin" / "python"), str(self.program), str(task)]

    def variables(self) -> Mapping[str, str]:
        path = {} if self.is_kamado else {"PYTHONPATH": str(FITTING)}
        return {**os.environ, **ONE_THREAD, "OMP_WAIT_POLICY": "PASSIVE", "PYTHONWARNINGS": "ignore", **path}

    def _files(self) -> Iterator[Path]:
        yield self.program
        if self.lock is None:
            for step in STEPS:
                yield from sorted((ROOT / step).rglob("*.py"))
        else:
            yield from (self.lock, *sorted(FITTING.glob("*.py")))


def code(path: Path) -> str:
    """What a Python file does: without comments, docstrings and layout, which change no result."""
    tree = ast.parse(path.read_text("utf-8"))
    for node in ast.walk(tree):
        match node:
            case ast.Module(body=body) | ast.ClassDef(body=body) | ast.FunctionDef(body=body):
                if body and isinstance(body[0], ast.Expr) and isinstance(body[0].value, ast.Constant):
                    del body[0]
    return ast.dump(tree)


def _peer(name: str, title: str) -> Tool:
    return Tool(name, title, PEERS / name / "fit.py", PEERS / name / "requirements.txt", peer=True)


def _baseline(name: str, title: str) -> Tool:
    return Tool(
        name, title, PEERS / "baselines" / f"{name}_fit.py", PEERS / "flaml" / "requirements.txt", peer=False
    )  # fmt: skip


TOOLS = {
    tool.name: tool
    for tool in (
        Tool("kamado", "Kamado", Path(__file__).with_name("kamado.py"), None, peer=False),
        _peer("autogluon", "AutoGluon"),
        _peer("flaml", "FLAML"),
        _peer("catboost", "CatBoost"),
        _baseline("xgboost", "XGBoost"),
        _baseline("logistic", "logistic"),
    )
}
