"""The steps of one model, in a row: from its spec to its image, or to a named end without one."""

from dataclasses import dataclass

from components.build_image.component import build_image
from components.champion.component import champion as bring_champion
from components.evaluate.component import evaluate
from components.extract.component import extract
from components.load_spec.component import load_spec
from components.notify.answers import BUILD_TITLE
from components.preprocess.component import preprocess
from components.refit.component import refit
from components.resolve.component import resolve
from components.train.component import train
from pipelines.graph_settings import GraphSettings
from pipelines.graph_step import graph_step
from pipelines.kfp_sdk import PipelineChannel, dsl

RunValue = str | PipelineChannel


@dataclass(frozen=True)
class ModelRun:
    """What is a parameter of a run, or an item of a loop over models."""

    spec_uri: RunValue
    model: RunValue
    end: RunValue
    champion: RunValue
    destination: RunValue


@dataclass(frozen=True)
class ChainOutputs:
    """Outputs of the last steps; `result` is a line of JSON, as `artifacts/run_result.py` has it."""

    evaluation: PipelineChannel
    image: PipelineChannel
    outcome: PipelineChannel
    result: PipelineChannel


def chain(settings: GraphSettings, run: ModelRun) -> ChainOutputs:
    """Build the steps into the graph that is being defined.

    There are no conditions: every step is reached, and passes on why an earlier one refused.
    """
    on_cluster = settings.cluster is not None  # KFP's local runner knows no moments of a run

    def step(task: dsl.PipelineTask, title: str, *, cached: bool = True) -> dsl.PipelineTask:
        return graph_step(settings, task, title, cached=cached)

    loaded = step(load_spec(uri=run.spec_uri), "Read the spec").outputs["spec"]
    # The outer world changes from run to run under the same names: never from the cache. Its answers are values,
    # so that equal ones let the steps behind it come from the cache.
    resolved = step(
        resolve(
            spec=loaded,
            end=run.end,
            scheduled=dsl.PIPELINE_JOB_SCHEDULE_TIME_UTC_PLACEHOLDER if on_cluster else "",
            created=dsl.PIPELINE_JOB_CREATE_TIME_UTC_PLACEHOLDER if on_cluster else "",
            source=settings.source,
            base=settings.base,
            champion=run.champion,
            destination=run.destination,
            cluster=on_cluster,
        ),
        "Resolve day, data and champion",
        cached=False,
    ).outputs
    in_service = step(
        bring_champion(model=run.model, champion=resolved["champion"], refusal=resolved["refusal"]),
        "Bring the champion",
    ).outputs
    extracted = step(
        extract(
            spec=loaded,
            source=settings.source,
            end=resolved["end"],
            data_version=resolved["data_version"],
            refusal=in_service["refusal"],  # a champion that cannot be brought ends the run before anything is billed
        ),
        "Extract the rows",
    )
    splits = step(preprocess(spec=loaded, rows=extracted.outputs["rows"]), "Reject and split").outputs["splits"]
    released = in_service["released"]
    fitted = step(train(spec=loaded, threads=settings.threads, splits=splits, released=released), "Train")
    trained = fitted.outputs["trained"]
    evaluated = step(evaluate(spec=loaded, splits=splits, trained=trained, released=released), "Evaluate")
    final = step(
        refit(
            spec=loaded,
            threads=settings.threads,
            splits=splits,
            trained=trained,
            evaluation=evaluated.outputs["evaluation"],
        ),
        "Refit on every row",
    ).outputs
    decision = final["decision"]
    built = step(
        build_image(
            model=run.model,
            base=settings.base,
            destination=run.destination,
            trained=final["shipped"],
            evaluation=decision,
        ),
        BUILD_TITLE,
        cached=False,
    ).outputs
    return ChainOutputs(decision, built["image"], built["outcome"], built["result"])
