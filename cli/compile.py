"""Compile training pipelines for a cluster."""

from pathlib import Path

import click

from cli.options import pipeline_options
from cli.outcome import Done
from cli.verb import Call, Verb


@click.command("compile", cls=Verb, collects_mistakes=True, unchanged="no pipeline was written")
@pipeline_options
@click.option("--out", default="out", metavar="FOLDER", help="Folder of results; default: out.")
def compile_pipeline(call: Call, out: str, **arguments: str) -> Done:
    """Compile the training pipeline of one model, or of several in one run.

    Writes OUT/pipeline/NAME/pipeline.kfp.yaml for Kubeflow, and pipeline.vertex.yaml for Vertex AI Pipelines. Specs and
    queries are compiled in: a run needs no bucket for them. The same arguments give the same bytes.
    """
    from pipelines.cluster.request import PipelineArguments, read_pipeline_settings
    from pipelines.cluster.write import write_pipeline
    from pipelines.fleet import fleet
    from pipelines.graph_settings import GraphSettings
    from pipelines.training import training

    settings = read_pipeline_settings(PipelineArguments(**arguments), call.mistakes)
    folder = Path(out or "out") / "pipeline" / settings.name
    if isinstance(settings, GraphSettings):
        files = write_pipeline(training, settings, folder)
    else:
        files = write_pipeline(fleet, settings, folder)
    lines = {"pipeline": settings.name, "kfp": str(files.kfp), "vertex": str(files.vertex)}
    return Done(lines, (str(files.kfp), str(files.vertex)))
