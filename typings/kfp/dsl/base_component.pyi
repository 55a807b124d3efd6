from collections.abc import Callable

from kfp.dsl import PipelineTask

class BaseComponent:
    name: str
    python_func: Callable[..., object]
    def __call__(self, **inputs: object) -> PipelineTask: ...
