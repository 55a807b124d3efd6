"""What a step may take of a cluster: processor, memory, time, retries, and whether on nodes that may go away."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Annotated, Literal

from pydantic import BeforeValidator, Field, StrictBool, WithJsonSchema

from model.spec.messages import short_repr
from model.spec.part import Part

StepName = Literal[
    "load_spec", "resolve", "champion", "extract", "preprocess", "train", "evaluate", "refit", "build_image", "conclude"
]
LEAST_CPU, MOST_CPU = 100, 512_000  # thousandths of a processor
LEAST_MEMORY, MOST_MEMORY = 128 * 2**20, 64 * 2**40  # bytes
MONTH = 43_200  # minutes
UNITS = {"M": 10**6, "G": 10**9, "T": 10**12, "Mi": 2**20, "Gi": 2**30, "Ti": 2**40}


def _cpu(value: object) -> object:
    """In Kubernetes' shortest form: whole processors, else thousandths."""
    text = "" if isinstance(value, bool) else str(value)
    match = re.fullmatch(r"\s*([0-9]{1,9}(?:\.[0-9]{1,9})?)(m?)\s*", text)
    thousandths = Decimal(match[1]) * (1 if match[2] else 1000) if match else Decimal(0)
    if not LEAST_CPU <= thousandths <= MOST_CPU or thousandths % 1:
        raise ValueError(f"is {short_repr(value)}, which is not an amount of processors | write it like 4 or 500m")
    return f"{thousandths:.0f}m" if thousandths % 1000 else f"{thousandths / 1000:.0f}"


def _memory(value: object) -> object:
    match = re.fullmatch(r"\s*([0-9]{1,15})([KMGT]i?)\s*", value) if isinstance(value, str) else None
    if not match or not LEAST_MEMORY <= int(match[1]) * UNITS.get(match[2], 0) <= MOST_MEMORY:
        hint = "write it like 8Gi or 512Mi, from 128Mi to 64Ti"
        raise ValueError(f"is {short_repr(value)}, which is not an amount of memory | {hint}")
    return match[1] + match[2]


Cpu = Annotated[
    str,
    BeforeValidator(_cpu),
    WithJsonSchema({"anyOf": [{"type": "number", "minimum": 0.1}, {"type": "string", "pattern": "^[0-9.]+m?$"}]}),
]
Memory = Annotated[str, BeforeValidator(_memory), WithJsonSchema({"type": "string", "pattern": "^[0-9]+[MGT]i?$"})]


class StepResources(Part):
    """What one step takes on a cluster. A run on one machine does not read it, and no step's result depends on it."""

    cpu: Cpu | None = Field(None, description="processors, requested and at most; a step has as many threads")
    memory: Memory | None = Field(None, description="requested and at most, as 8Gi")
    minutes: int | None = Field(None, gt=0, le=MONTH, description="a pod that runs longer is stopped, and tried again")
    retries: int | None = Field(None, ge=0, le=10, description="of a lost or failed pod; a refusal is final")
    spot: StrictBool | None = Field(None, description="on the nodes that cluster.yaml calls `spot`, which may go away")


@dataclass(frozen=True)
class PodResources:
    """What a step takes, every value settled. `cpu` and `memory` are Kubernetes quantities."""

    cpu: str
    memory: str
    minutes: int
    retries: int
    spot: bool

    @property
    def threads(self) -> int:
        """Whole processors, at least one."""
        return max(1, self.thousandths // 1000)

    @property
    def thousandths(self) -> int:
        """Of a processor."""
        return int(self.cpu.removesuffix("m")) * (1 if self.cpu.endswith("m") else 1000)

    @property
    def bytes(self) -> int:
        """Of memory."""
        amount = self.memory.rstrip("MGTi")
        return int(amount) * UNITS[self.memory.removeprefix(amount)]

    def with_changes(self, changes: StepResources) -> "PodResources":
        """These, with what a spec says in their place."""
        return replace(self, **changes.model_dump(exclude_none=True))


# What is cheap or has an effect outside runs on nodes that stay; a pod that is tried again costs the rest only time.
DEFAULTS: dict[StepName, PodResources] = {
    "load_spec": PodResources("500m", "1Gi", minutes=10, retries=2, spot=False),
    "resolve": PodResources("500m", "1Gi", minutes=15, retries=2, spot=False),
    "champion": PodResources("1", "2Gi", minutes=30, retries=2, spot=False),
    "extract": PodResources("2", "4Gi", minutes=120, retries=3, spot=True),
    "preprocess": PodResources("4", "8Gi", minutes=120, retries=3, spot=True),
    "train": PodResources("4", "8Gi", minutes=60, retries=3, spot=True),
    "evaluate": PodResources("4", "8Gi", minutes=120, retries=3, spot=True),
    "refit": PodResources("4", "8Gi", minutes=120, retries=3, spot=True),
    "build_image": PodResources("2", "4Gi", minutes=60, retries=2, spot=False),
    # Its failure is how a run becomes red: tried again, it would fail again.
    "conclude": PodResources("500m", "512Mi", minutes=10, retries=0, spot=False),
}


def pod_resources(step: StepName, changes: StepResources | None, search_minutes: float) -> PodResources:
    """Of one step. By default training may take an hour and twice its search."""
    pod = DEFAULTS[step]
    if step == "train":
        pod = replace(pod, minutes=pod.minutes + 2 * int(search_minutes))
    return pod.with_changes(changes) if changes else pod


def largest(pods: Sequence[PodResources]) -> PodResources:
    """What is enough for each of several models, whose steps are one task of the graph."""
    return PodResources(
        cpu=max(pods, key=lambda pod: pod.thousandths).cpu,
        memory=max(pods, key=lambda pod: pod.bytes).memory,
        minutes=max(pod.minutes for pod in pods),
        retries=max(pod.retries for pod in pods),
        spot=all(pod.spot for pod in pods),
    )
