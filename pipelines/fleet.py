"""The training pipeline of several models in one run: a loop over their specs, and a table at the end."""

from components.fleet_conclude.component import fleet_conclude
from components.fleet_summary.component import fleet_summary
from components.notify.answers import CONCLUDE_TITLE
from pipelines.chain import ModelRun, chain
from pipelines.cluster.settings import ClusterSettings
from pipelines.graph_settings import FleetSettings
from pipelines.graph_step import at_the_end, graph_step, pipeline_config
from pipelines.kfp_sdk import BaseComponent, dsl


def fleet(settings: FleetSettings) -> BaseComponent:
    """The graph of several models. A model that is refused does not stop the others: refusals are values."""
    shared = settings.shared
    items = [{"model": model.spec.model, "spec": model.spec_uri} for model in settings.models]
    names = [item["model"] for item in items]
    cluster = shared.cluster or ClusterSettings()

    @dsl.pipeline(
        name=settings.name,
        description=f"Behaviour logs to verified model images: {', '.join(names)}",
        pipeline_config=pipeline_config(shared),
    )
    def graph(end: str = "", champion: str = shared.champion, destination: str = shared.destination) -> None:
        """Train several models and build their images.

        Args:
            end: Day at which the data ends, exclusive, like 2026-07-01. Empty: the day of the schedule, or today.
            champion: Image store with the models in service, which the new ones must beat. Empty: none.
            destination: Image store for the images: registry://HOST/REPOSITORY or ecr://ACCOUNT.REGION/REPOSITORY.
        """
        with at_the_end(shared, "1 model" if len(items) == 1 else f"{len(items)} models", names):
            # Without a name: Kubeflow's driver looks for a loop by its key, which the name would replace.
            with dsl.ParallelFor(items, parallelism=cluster.models_at_once) as item:
                built = chain(shared, ModelRun(item.spec, item.model, end, champion, destination))
            # KFP changes a Collected where it is used: each task gets its own.
            table = fleet_summary(results=dsl.Collected(built.result))
            graph_step(shared, table, "Table of the models", cached=False)
            task = fleet_conclude(results=dsl.Collected(built.result)).after(table)
            graph_step(shared, task, CONCLUDE_TITLE, cached=False)

    return graph
