"""The training pipeline of a model: one chain of steps, to the image or to a named end without one."""

from components.conclude.component import conclude
from components.notify.answers import CONCLUDE_TITLE
from pipelines.chain import ModelRun, chain
from pipelines.graph_settings import GraphSettings
from pipelines.graph_step import at_the_end, graph_step, pipeline_config
from pipelines.kfp_sdk import BaseComponent, dsl


def training(settings: GraphSettings) -> BaseComponent:
    """The graph of a model."""
    spec = settings.spec

    @dsl.pipeline(
        name=settings.name,
        description=f"{spec.model}: behaviour logs to a verified model image",
        pipeline_config=pipeline_config(settings),
    )
    def graph(end: str = "", champion: str = settings.champion, destination: str = settings.destination) -> None:
        """Train a model and build its image.

        Args:
            end: Day at which the data ends, exclusive, like 2026-07-01. Empty: the day of the schedule, or today.
            champion: Model in service, which the new one must beat: an image store, or a bundle's folder. Empty: none.
            destination: Image store for the image: registry://HOST/REPOSITORY or ecr://ACCOUNT.REGION/REPOSITORY.
        """
        with at_the_end(settings, spec.model):
            built = chain(settings, ModelRun(settings.spec_uri, spec.model, end, champion, destination))
            task = conclude(outcome=built.outcome, evaluation=built.evaluation, image=built.image)
            graph_step(settings, task, CONCLUDE_TITLE, cached=False)

    return graph
