"""The container of a task: its image, variables and resources.

Set on the specification itself. KFP's own methods of a task first walk through the whole stack, and through all modules
for each frame of it, only to have their name for an error: a graph takes a tenth of a second longer, and a second in a
process with many modules.
"""

from model.spec.resources import PodResources
from pipelines.kfp_sdk import ResourceSpec, dsl


def set_image(task: dsl.PipelineTask, image: str) -> None:
    task.container_spec.image = image


def set_variable(task: dsl.PipelineTask, name: str, value: str) -> None:
    task.container_spec.env = {**(task.container_spec.env or {}), name: value}


def set_resources(task: dsl.PipelineTask, pod: PodResources) -> None:
    """What is requested is also the limit: a library that counts the processors of a large node would start a thread
    for each, with the memory of each."""
    task.container_spec.resources = ResourceSpec(
        cpu_request=pod.cpu, cpu_limit=pod.cpu, memory_request=pod.memory, memory_limit=pod.memory
    )
