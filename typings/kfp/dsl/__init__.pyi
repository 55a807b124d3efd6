from collections.abc import Callable
from types import TracebackType
from typing import Annotated, TypeVar

from kfp.dsl import base_component as base_component

T = TypeVar("T")
Input = Annotated[T, "input"]
Output = Annotated[T, "output"]

class Artifact:
    uri: str
    metadata: dict[str, object]
    @property
    def path(self) -> str: ...

class Dataset(Artifact): ...
class HTML(Artifact): ...
class Model(Artifact): ...

class Metrics(Artifact):
    def log_metric(self, metric: str, value: float) -> None: ...

class ClassificationMetrics(Artifact):
    def log_roc_data_point(self, fpr: float, tpr: float, threshold: float) -> None: ...

class PipelineChannel:
    # A condition of the graph, which is evaluated when the pipeline runs.
    def __eq__(self, other: object) -> PipelineChannel: ...  # type: ignore[override]

class PipelineTask:
    @property
    def outputs(self) -> dict[str, PipelineChannel]: ...
    def after(self, *tasks: PipelineTask) -> PipelineTask: ...
    def set_container_image(self, name: str) -> PipelineTask: ...
    def set_caching_options(self, enable_caching: bool, cache_key: str | None = None) -> PipelineTask: ...

class _Branch:
    def __enter__(self) -> object: ...
    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...

class If(_Branch):
    def __init__(self, condition: PipelineChannel, name: str | None = None) -> None: ...

class Elif(_Branch):
    def __init__(self, condition: PipelineChannel, name: str | None = None) -> None: ...

class Else(_Branch):
    def __init__(self, name: str | None = None) -> None: ...

def component(
    *, base_image: str | None = None, install_kfp_package: bool = True
) -> Callable[[Callable[..., object]], base_component.BaseComponent]: ...
def pipeline(
    *, name: str | None = None, description: str | None = None
) -> Callable[[Callable[..., None]], base_component.BaseComponent]: ...
