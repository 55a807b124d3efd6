"""A step in a graph, with what is the same for every step of it."""

from kfp import dsl

from pipelines.graph_settings import GraphSettings


def graph_step(settings: GraphSettings, task: dsl.PipelineTask, title: str, *, cached: bool = True) -> dsl.PipelineTask:
    """The task in the image of the settings, with its title for people.

    The image is a literal reference by digest, because KFP caches on this very string: a tag that moves would be a
    stale cache hit, and a pipeline parameter does not resolve in every runner.
    """
    task.set_container_image(settings.image).set_caching_options(cached).set_display_name(title)
    if settings.cluster is not None:
        task.set_env_variable("KAMADO_REFUSALS", "pass-on")
    return task
