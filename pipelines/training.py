"""The training pipeline: spec -> extract -> preprocess -> train -> evaluate -> image, or a named end without one."""

from kfp import dsl
from kfp.dsl import base_component

from components.build_image.component import build_image
from components.champion.component import champion as bring_champion
from components.conclude.component import conclude
from components.evaluate.component import evaluate
from components.extract.component import extract
from components.load_spec.component import load_spec
from components.preprocess.component import preprocess
from components.train.component import train


def training(image: str, spec_uri: str) -> base_component.BaseComponent:
    """The graph with every step in `image`: a literal reference by digest, because KFP caches on this very string.

    A tag that moves would be a stale cache hit, and a pipeline parameter does not resolve in every runner. `spec_uri`
    is the default of the parameter `spec`; the first step makes it a file, which is how the others get it.
    """

    def step(task: dsl.PipelineTask, *, cached: bool = True) -> dsl.PipelineTask:
        return task.set_container_image(image).set_caching_options(cached)

    @dsl.pipeline(name="kamado-training", description="Behaviour logs to a verified model image")
    def graph(
        source: str,
        end: str,
        destination: str,
        threads: int = 2,
        champion: str = "",
        base: str = "",
        spec: str = spec_uri,
    ) -> None:
        loaded = step(load_spec(uri=spec)).outputs["spec"]
        # What is in service changes from run to run under the same name: never from the cache. Before all that takes
        # long, so that a name which leads nowhere ends the run at once.
        in_service = step(bring_champion(spec=loaded, champion=champion), cached=False)
        rows = step(extract(spec=loaded, source=source, end=end).after(in_service)).outputs["rows"]
        splits = step(preprocess(spec=loaded, rows=rows)).outputs["splits"]
        fitted = step(train(spec=loaded, threads=threads, rows=rows, splits=splits))
        trained, released = fitted.outputs["trained"], in_service.outputs["released"]
        evaluated = step(evaluate(spec=loaded, rows=rows, splits=splits, trained=trained, released=released))
        verdict, evaluation = evaluated.outputs["verdict"], evaluated.outputs["evaluation"]
        # The verdict is compared as a word: a comparison with a NaN would skip both branches and call that success.
        with dsl.If(verdict == "promote", name="promote"):
            task = build_image(base=base, destination=destination, trained=trained, evaluation=evaluation)
            step(task, cached=False)
        with dsl.Elif(verdict == "hold", name="hold"):
            step(conclude(verdict=verdict, evaluation=evaluation), cached=False)
        with dsl.Elif(verdict == "insufficient-data", name="insufficient-data"):
            step(conclude(verdict=verdict, evaluation=evaluation), cached=False)
        with dsl.Else(name="refused"):
            step(conclude(verdict=verdict, evaluation=evaluation), cached=False)

    return graph
