"""A compiled pipeline, looked at before it leaves this machine: images, parameters, and the name of its version."""

import hashlib
import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import yaml

from model.errors import Problem, UsageError
from pipelines.submit.service import Package, SubmitError, Value

DIGEST = re.compile(r"@sha256:[0-9a-f]{64}$")
DIRTY = "-dirty"
MOST_BYTES = 32 * 2**20  # the limit of Kubeflow's API server on an upload
NUMBERS: Mapping[str, type[int] | type[float]] = {"NUMBER_INTEGER": int, "NUMBER_DOUBLE": float}


@dataclass(frozen=True)
class CompiledPipeline:
    """The text of a compiled file: the pipeline's specification, and the Kubernetes settings where it has them."""

    text: str

    @cached_property
    def _specification(self) -> Any:
        return next(iter(yaml.load_all(self.text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))))

    @property
    def name(self) -> str:
        return str(self._specification["pipelineInfo"]["name"])

    @property
    def parameters(self) -> frozenset[str]:
        return frozenset(self._inputs)

    @property
    def _inputs(self) -> Any:
        return self._specification["root"].get("inputDefinitions", {}).get("parameters", {})

    def refuse_unless_runnable(self) -> None:
        """Raises SubmitError for a file over the service's limit, and for images that are not named by digest."""
        problems = list(_image_problems(self._specification))
        if (size := len(self.text.encode())) > MOST_BYTES:
            problem = f"has {size:,} bytes, and a service takes {MOST_BYTES:,}"
            problems.append(Problem(self.name, problem, "Shorten the spec or its query", "package-too-large"))
        if problems:
            raise SubmitError(*problems)

    def values(self, texts: Mapping[str, str]) -> dict[str, Value]:
        """The parameters of a run from their texts, each of the type that the pipeline declares.

        Raises UsageError with every one that is unknown, missing or of another type.
        """
        problems, values = list[Problem](), dict[str, Value]()
        for name, text in texts.items():
            if name not in self._inputs:
                hint = f"Parameters of {self.name}: {', '.join(sorted(self._inputs)) or 'none'}"
                problems.append(Problem(f"parameter {name}", "is not known", hint, "parameter-unknown"))
                continue
            kind = self._inputs[name]["parameterType"]
            value = _value(kind, text)
            if value is None:
                problem = f"is {text!r}, which is not of the type {kind}"
                problems.append(Problem(f"parameter {name}", problem, "Write a value of that type", "parameter-type"))
            else:
                values[name] = value
        for name, definition in self._inputs.items():
            if name not in texts and "defaultValue" not in definition and not definition.get("isOptional"):
                hint = f"Give it with --set {name}=VALUE"
                problems.append(Problem(f"parameter {name}", "is missing", hint, "parameter-missing"))
        if problems:
            raise UsageError(*problems)
        return values

    def package(self, model: str, commit: str | None, *, allow_dirty: bool) -> Package:
        """What is submitted, under the name of the commit. Raises UsageError for changes that are in no commit."""
        version = self._version(commit, allow_dirty)
        return Package(self.name, version, self.text, {"model": model, "commit": commit or "unknown"})

    def _version(self, commit: str | None, allow_dirty: bool) -> str:
        content = hashlib.sha256(self.text.encode()).hexdigest()[:8]
        if commit is not None and not commit.endswith(DIRTY):
            return commit[:12]
        if not allow_dirty:
            problem = "has changes that are in no commit" if commit else "is not a git checkout"
            hint = "Commit them, or set ALLOW_DIRTY=1: the version is then marked"
            raise UsageError(Problem("this checkout", problem, hint, "commit-dirty"))
        return f"{commit.removesuffix(DIRTY)[:12] if commit else 'unknown'}{DIRTY}-{content}"


def _value(kind: str, text: str) -> Value | None:
    """None for a text that is not of this kind."""
    if kind == "BOOLEAN":
        return {"true": True, "false": False}.get(text.lower())
    if kind not in NUMBERS:
        return text if kind == "STRING" else None
    try:
        value = NUMBERS[kind](text)
    except ValueError:
        return None
    return value if math.isfinite(value) else None


def _image_problems(specification: Any) -> Iterator[Problem]:
    for name, executor in specification["deploymentSpec"]["executors"].items():
        image = executor.get("container", {}).get("image", "")
        if not DIGEST.search(image):
            problem = f"is {image!r}, which is not named by digest" if image else "is missing"
            hint = "Compile with STEPS_IMAGE=repository@sha256:<64 hex digits>"
            yield Problem(f"image of {name}", problem, hint, "image-without-digest")
