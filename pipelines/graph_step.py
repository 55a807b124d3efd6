"""A step in a graph, with what is the same for every step of it."""

import contextlib
from collections.abc import Sequence
from contextlib import AbstractContextManager

from components.notify.component import notify
from pipelines.container import set_image, set_variable
from pipelines.graph_settings import GraphSettings
from pipelines.kfp_sdk import dsl


def graph_step(settings: GraphSettings, task: dsl.PipelineTask, title: str, *, cached: bool = True) -> dsl.PipelineTask:
    """The task in the image of the settings, with its title for people.

    The image is a literal reference by digest, because KFP caches on this very string: a tag that moves would be a
    stale cache hit, and a pipeline parameter does not resolve in every runner.
    """
    set_image(task, settings.image)
    task.set_caching_options(cached).set_display_name(title)
    if settings.passes_refusals_on:
        set_variable(task, "KAMADO_REFUSALS", "pass-on")
    if settings.cluster is not None:
        from pipelines.cluster import pods  # all of Kubernetes' API, which a run on this machine does without

        pods.configure(task, settings.pod, settings.cluster)
    return task


def pipeline_config(settings: GraphSettings) -> dsl.PipelineConfig | None:
    """What a cluster does with the whole run."""
    if settings.cluster is None:
        return None
    from pipelines.cluster import pods

    return pods.pipeline_config(settings.cluster)


def at_the_end(settings: GraphSettings, model: str, models: Sequence[str] = ()) -> AbstractContextManager[object]:
    """Around all steps: the message at the end of the run, where the settings want one. `model` is its subject;
    `models` are those of a run of several."""
    notification = settings.cluster.notification if settings.cluster is not None else None
    if not settings.notify or notification is None:
        return contextlib.nullcontext()
    task = notify(
        model=model,
        run=dsl.PIPELINE_JOB_ID_PLACEHOLDER,
        api=notification.api or "",
        ui=notification.ui or "",
        models=list(models),
    )
    return dsl.ExitHandler(graph_step(settings, task, "Notify", cached=False), name="run")
