"""What is compiled into a pipeline: all that is not a parameter of a run."""

from collections.abc import Callable
from dataclasses import dataclass

from kfp.dsl import base_component

from model.spec.types import Spec
from pipelines.cluster.settings import ClusterSettings


@dataclass(frozen=True)
class GraphSettings:
    """`image` of the steps, by digest; `spec_uri` is where load_spec reads the spec; `base` is the server base, by
    digest, or empty for one that is made on this machine. `champion` and `destination` are the defaults of the
    parameters of these names. `cluster` is None for a run on this machine; `notify` adds the message at the end."""

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


Graph = Callable[[GraphSettings], base_component.BaseComponent]
