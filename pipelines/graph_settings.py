"""What is compiled into a pipeline: all that is not a parameter of a run."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TypeVar

from model.spec.resources import PodResources, StepName, largest
from model.spec.types import Spec
from pipelines.cluster.settings import ClusterSettings
from pipelines.kfp_sdk import BaseComponent

FLEET = "fleet"  # stands for several models where else the name of one is


@dataclass(frozen=True)
class GraphSettings:
    """`image` of the steps, by digest; `spec_uri` is where load_spec reads the spec; `base` is the server base, by
    digest, or empty for one that is made on this machine. `champion` and `destination` are the defaults of the
    parameters of these names. `cluster` is None for a run on this machine; `notify` adds the message at the end.
    `others` are the specs of the other models of a run of several, in which each step is one task for all; None for a
    run of one model."""

    image: str
    spec: Spec
    spec_uri: str
    source: str
    base: str
    threads: int
    champion: str = ""
    destination: str = ""
    cluster: ClusterSettings | None = None
    notify: bool = False
    others: tuple[Spec, ...] | None = None

    @property
    def name(self) -> str:
        """Of the pipeline."""
        return f"kamado-{self.spec.model}"

    @property
    def passes_refusals_on(self) -> bool:
        """Whether a refusal is a value for the later steps, and not the end of the run."""
        return self.cluster is not None or self.others is not None

    def without_kubernetes(self) -> "GraphSettings":
        """For a service that runs pipelines without it: no Secret can fill a variable there, nor name a webhook."""
        cluster = self.cluster.model_copy(update={"secrets": {}}) if self.cluster is not None else None
        return replace(self, cluster=cluster, notify=False)

    def pod(self, step: StepName) -> PodResources:
        """What the step takes on a cluster: enough for every model."""
        return largest([spec.pod(step) for spec in (self.spec, *(self.others or ()))])


@dataclass(frozen=True)
class FleetSettings:
    """Settings of several models, at least one, which differ in their specs alone."""

    models: tuple[GraphSettings, ...]

    @property
    def name(self) -> str:
        """Of the pipeline, whichever its models are."""
        return f"kamado-{FLEET}"

    @property
    def image(self) -> str:
        return self.models[0].image

    def without_kubernetes(self) -> "FleetSettings":
        """As that of each model."""
        return FleetSettings(tuple(model.without_kubernetes() for model in self.models))

    @property
    def shared(self) -> GraphSettings:
        """What the steps of all models have."""
        first, *others = self.models
        return replace(first, others=tuple(model.spec for model in others))


AnySettings = TypeVar("AnySettings", GraphSettings, FleetSettings)
Graph = Callable[[AnySettings], BaseComponent]
