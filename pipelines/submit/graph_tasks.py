"""The tasks of a compiled graph."""

from collections.abc import Iterator
from typing import Any


def titles(specification: Any) -> Iterator[tuple[str, str]]:
    """Title and name of every task of the graph, those of loops and conditions too."""
    components = specification.get("components", {})
    for component in (specification.get("root", {}), *components.values()):
        for name, task in component.get("dag", {}).get("tasks", {}).items():
            yield task.get("taskInfo", {}).get("name", name), name


def task_names(specification: Any) -> frozenset[str]:
    return frozenset(name for _, name in titles(specification))
