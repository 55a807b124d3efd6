"""The pipeline that looks at a spec and its data before anything is trained: steps of training, unchanged."""

from components.extract.component import extract
from components.load_spec.component import load_spec
from components.preprocess.component import preprocess
from pipelines.graph_settings import GraphSettings
from pipelines.graph_step import graph_step
from pipelines.kfp_sdk import BaseComponent, dsl


def checking(settings: GraphSettings) -> BaseComponent:
    """The graph of a check. It asks nothing about images, so that it has no step `resolve`."""

    @dsl.pipeline(name="kamado-check-spec", description="A spec and its data, looked at before training")
    def graph(end: str) -> None:
        """Look at a spec and its data.

        Args:
            end: Day at which the data ends, exclusive, like 2026-07-01.
        """
        loaded = graph_step(settings, load_spec(uri=settings.spec_uri), "Read the spec").outputs["spec"]
        extraction = extract(spec=loaded, source=settings.source, end=end, data_version="", refusal="")
        rows = graph_step(settings, extraction, "Extract the rows").outputs["rows"]
        graph_step(settings, preprocess(spec=loaded, rows=rows), "Reject and split")

    return graph
