"""The tasks of a compiled graph."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any


def titles(specification: Any) -> Iterator[tuple[str, str]]:
    """Title and name of every task of the graph that runs a step, those in loops and conditions too."""
    components = specification.get("components", {})
    for name, task in _tasks(specification):
        if "executorLabel" in components.get(task.get("componentRef", {}).get("name"), {}):
            yield task.get("taskInfo", {}).get("name", name), name


def task_names(specification: Any) -> frozenset[str]:
    """Of every task of the graph, also of loops and conditions."""
    return frozenset(name for name, _ in _tasks(specification))


@dataclass(frozen=True)
class ModelLoop:
    """The loop over the models of a run of several: their names in the order of its iterations, and the steps that each
    one has. Both are empty for a run of one model."""

    models: tuple[str, ...] = ()
    steps: frozenset[str] = frozenset()

    @classmethod
    def of(cls, specification: Any) -> "ModelLoop":
        components = specification.get("components", {})
        for _, task in _tasks(specification):
            raw = task.get("parameterIterator", {}).get("items", {}).get("raw")
            items = json.loads(raw) if raw else []
            if items and all(isinstance(item, dict) and "model" in item for item in items):
                inner = components.get(task["componentRef"]["name"], {}).get("dag", {}).get("tasks", {})
                return cls(tuple(item["model"] for item in items), frozenset(inner))
        return cls()

    def model_of(self, step: str, iteration: int | None) -> str:
        """Empty for a step that is none of one model, or of which that is not known."""
        if iteration is None or step not in self.steps or iteration >= len(self.models):
            return ""
        return self.models[iteration]


def _tasks(specification: Any) -> Iterator[tuple[str, Any]]:
    for component in (specification.get("root", {}), *specification.get("components", {}).values()):
        yield from component.get("dag", {}).get("tasks", {}).items()
