"""The training pipeline of a model: one chain of steps, to the image or to a named end without one."""

from kfp import dsl
from kfp.dsl import base_component

from components.build_image.component import build_image
from components.champion.component import champion as bring_champion
from components.conclude.component import conclude
from components.evaluate.component import evaluate
from components.extract.component import extract
from components.load_spec.component import load_spec
from components.preprocess.component import preprocess
from components.resolve.component import resolve
from components.train.component import train
from pipelines.graph_settings import GraphSettings
from pipelines.graph_step import graph_step


def training(settings: GraphSettings) -> base_component.BaseComponent:
    """The graph of a model. It has no conditions: every step is reached, and passes on why an earlier one refused."""
    spec, on_cluster = settings.spec, settings.cluster is not None  # KFP's local runner knows no moments of a run

    @dsl.pipeline(name=f"kamado-{spec.model}", description=f"{spec.model}: behaviour logs to a verified model image")
    def graph(end: str = "", champion: str = settings.champion, destination: str = settings.destination) -> None:
        """Train a model and build its image.

        Args:
            end: Day at which the data ends, exclusive, like 2026-07-01. Empty: the day of the schedule, or today.
            champion: Model in service, which the new one must beat: an image store, or a bundle's folder. Empty: none.
            destination: Image store for the image: registry://HOST/REPOSITORY or ecr://ACCOUNT.REGION/REPOSITORY.
        """

        def step(task: dsl.PipelineTask, title: str, *, cached: bool = True) -> dsl.PipelineTask:
            return graph_step(settings, task, title, cached=cached)

        loaded = step(load_spec(uri=settings.spec_uri), "Read the spec").outputs["spec"]
        # The outer world changes from run to run under the same names: never from the cache. Its answers are values,
        # so that equal ones let the steps behind it come from the cache.
        resolved = step(
            resolve(
                spec=loaded,
                end=end,
                scheduled=dsl.PIPELINE_JOB_SCHEDULE_TIME_UTC_PLACEHOLDER if on_cluster else "",
                created=dsl.PIPELINE_JOB_CREATE_TIME_UTC_PLACEHOLDER if on_cluster else "",
                source=settings.source,
                base=settings.base,
                champion=champion,
                destination=destination,
                cluster=on_cluster,
            ),
            "Resolve day, data and champion",
            cached=False,
        ).outputs
        refusal = resolved["refusal"]
        in_service = step(
            bring_champion(model=spec.model, champion=resolved["champion"], refusal=refusal), "Bring the champion"
        )
        extracted = step(
            extract(
                spec=loaded,
                source=settings.source,
                end=resolved["end"],
                data_version=resolved["data_version"],
                refusal=refusal,
            ).after(in_service),  # a champion that cannot be brought ends the run before anything is billed
            "Extract the rows",
        )
        splits = step(preprocess(spec=loaded, rows=extracted.outputs["rows"]), "Reject and split").outputs["splits"]
        fitted = step(train(spec=loaded, threads=settings.threads, splits=splits), "Train")
        trained, released = fitted.outputs["trained"], in_service.outputs["released"]
        evaluated = step(evaluate(spec=loaded, splits=splits, trained=trained, released=released), "Evaluate")
        evaluation = evaluated.outputs["evaluation"]
        built = step(
            build_image(
                model=spec.model,
                base=settings.base,
                destination=destination,
                trained=trained,
                evaluation=evaluation,
            ),
            "Build the image",
            cached=False,
        )
        step(
            conclude(outcome=built.outputs["outcome"], evaluation=evaluation, image=built.outputs["image"]),
            "Conclude",
            cached=False,
        )

    return graph
