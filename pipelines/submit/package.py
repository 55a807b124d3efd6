"""A compiled pipeline, before it leaves this machine: the parameters of its runs, and the name of its version."""

import hashlib
import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from model.errors import Problem, UsageError
from pipelines.cluster.documents import documents
from pipelines.submit.service import Package, ParameterValue

DIRTY = "-dirty"
NUMBERS: Mapping[str, type[int] | type[float]] = {"NUMBER_INTEGER": int, "NUMBER_DOUBLE": float}


@dataclass(frozen=True)
class CompiledPipeline:
    """The text of a compiled file: the pipeline's specification, and the Kubernetes settings where it has them."""

    text: str

    @cached_property
    def _specification(self) -> Any:
        return documents(self.text)[0]

    @property
    def name(self) -> str:
        return str(self._specification["pipelineInfo"]["name"])

    @property
    def parameters(self) -> frozenset[str]:
        return frozenset(self._inputs)

    @property
    def _inputs(self) -> Any:
        return self._specification["root"].get("inputDefinitions", {}).get("parameters", {})

    def values(self, texts: Mapping[str, str]) -> dict[str, ParameterValue]:
        """The parameters of a run from their texts, each of the type that the pipeline declares.

        Raises UsageError with every one that is unknown, missing or of another type.
        """
        values = {name: _value(self._kind(name), text) for name, text in texts.items()}
        self.check(values)
        return values

    def check(self, values: Mapping[str, ParameterValue]) -> None:
        """Raises UsageError with every parameter that is unknown, missing or of another type."""
        problems = list[Problem]()
        for name, value in values.items():
            kind = self._kind(name)
            if not kind:
                hint = f"Parameters of {self.name}: {', '.join(sorted(self._inputs)) or 'none'}"
                problems.append(Problem(f"parameter {name}", "is not known", hint, "parameter-unknown"))
            elif not _is_of(kind, value):
                problem = f"is {value!r}, which is not of the type {kind}"
                problems.append(Problem(f"parameter {name}", problem, "Write a value of that type", "parameter-type"))
        for name, definition in self._inputs.items():
            if name not in values and "defaultValue" not in definition and not definition.get("isOptional"):
                hint = f"Give it with --set {name}=VALUE"
                problems.append(Problem(f"parameter {name}", "is missing", hint, "parameter-missing"))
        if problems:
            raise UsageError(*problems)

    def _kind(self, name: str) -> str:
        """Empty for a parameter that is not known."""
        return str(self._inputs.get(name, {}).get("parameterType", ""))

    def package(self, model: str, commit: str | None, *, allow_dirty: bool) -> Package:
        """What is submitted, under the name of the commit. Raises UsageError for changes that are in no commit."""
        if (problem := dirty_problem(commit, allow_dirty=allow_dirty)) is not None:
            raise UsageError(problem)
        version = (commit or "unknown").removesuffix(DIRTY)[:12]
        if commit is None or commit.endswith(DIRTY):
            version += f"{DIRTY}-{hashlib.sha256(self.text.encode()).hexdigest()[:8]}"
        return Package(self.name, version, self.text, {"model": model, "commit": commit or "unknown"})


def dirty_problem(commit: str | None, *, allow_dirty: bool) -> Problem | None:
    """Of what no commit names; `commit` ends with -dirty where there are changes, and is None without git."""
    if allow_dirty or (commit is not None and not commit.endswith(DIRTY)):
        return None
    problem = "has changes, or names a spec, that none of its commits has" if commit else "is not a git checkout"
    hint = "Commit them there, or set ALLOW_DIRTY=1: the version is then marked"
    return Problem("this checkout", problem, hint, "commit-dirty")


def _value(kind: str, text: str) -> ParameterValue:
    """The text itself where it is none of this kind."""
    if kind == "BOOLEAN":
        return {"true": True, "false": False}.get(text.lower(), text)
    if kind not in NUMBERS:
        return text
    try:
        return NUMBERS[kind](text)
    except ValueError:
        return text


def _is_of(kind: str, value: ParameterValue) -> bool:
    if kind == "NUMBER_DOUBLE":
        return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
    return type(value) is {"STRING": str, "BOOLEAN": bool, "NUMBER_INTEGER": int}.get(kind)
