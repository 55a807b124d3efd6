from collections.abc import Callable
from types import TracebackType
from typing import Annotated, TypeVar

from kfp.dsl import base_component as base_component
from kfp.dsl.pipeline_channel import PipelineChannel
from kfp.dsl.structures import ResourceSpec

T = TypeVar("T")
PIPELINE_JOB_CREATE_TIME_UTC_PLACEHOLDER: str
PIPELINE_JOB_ID_PLACEHOLDER: str
PIPELINE_JOB_SCHEDULE_TIME_UTC_PLACEHOLDER: str
Input = Annotated[T, "input"]
Output = Annotated[T, "output"]

class Artifact:
    uri: str
    metadata: dict[str, object]
    @property
    def path(self) -> str: ...

class Dataset(Artifact): ...
class HTML(Artifact): ...
class Markdown(Artifact): ...
class Model(Artifact): ...

class Metrics(Artifact):
    def log_metric(self, metric: str, value: float) -> None: ...

class ClassificationMetrics(Artifact):
    def log_roc_data_point(self, fpr: float, tpr: float, threshold: float) -> None: ...

class ComponentSpec:
    name: str

class ContainerSpec:
    image: str
    env: dict[str, str] | None
    resources: ResourceSpec

class PipelineTaskFinalStatus:
    state: str
    error_message: str | None

class PipelineTask:
    component_spec: ComponentSpec
    container_spec: ContainerSpec
    @property
    def outputs(self) -> dict[str, PipelineChannel]: ...
    def after(self, *tasks: PipelineTask) -> PipelineTask: ...
    def set_container_image(self, name: str) -> PipelineTask: ...
    def set_display_name(self, name: str) -> PipelineTask: ...
    def set_caching_options(self, enable_caching: bool, cache_key: str | None = None) -> PipelineTask: ...
    def set_retry(
        self,
        num_retries: int,
        backoff_duration: str | None = None,
        backoff_factor: float | None = None,
        backoff_max_duration: str | None = None,
    ) -> PipelineTask: ...

class LoopItem(PipelineChannel):
    def __getattr__(self, name: str) -> PipelineChannel: ...

class ParallelFor:
    def __init__(
        self, items: list[dict[str, str]], name: str | None = None, parallelism: int | None = None
    ) -> None: ...
    def __enter__(self) -> LoopItem: ...
    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...

class ExitHandler:
    def __init__(self, exit_task: PipelineTask, name: str | None = None) -> None: ...
    def __enter__(self) -> object: ...
    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...

class Collected(PipelineChannel):
    def __init__(self, output: PipelineChannel) -> None: ...

class PipelineConfig:
    def __init__(
        self, *, ttl_seconds_after_finished: int | None = None, active_deadline_seconds: int | None = None
    ) -> None: ...

def component(
    *, base_image: str | None = None, install_kfp_package: bool = True
) -> Callable[[Callable[..., object]], base_component.BaseComponent]: ...
def pipeline(
    *, name: str | None = None, description: str | None = None, pipeline_config: PipelineConfig | None = None
) -> Callable[[Callable[..., None]], base_component.BaseComponent]: ...
