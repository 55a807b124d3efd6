"""Compile a model's training pipeline for a cluster."""

from pathlib import Path

import click

from cli.outcome import Done
from cli.verb import Call, Verb


@click.command("compile", cls=Verb, unchanged="no pipeline was written")
@click.argument("image", metavar="IMAGE@sha256:…")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--source", required=True, metavar="SOURCE", help="duckdb:FOLDER or bigquery:PROJECT@LOCATION.")
@click.option("--base", required=True, metavar="IMAGE@sha256:…", help="Server base of the model's image.")
@click.option(
    "--spec",
    type=click.Path(path_type=Path),
    required=True,
    metavar="FOLDER",
    help="Folder with spec.yaml and its SQL.",
)
def compile_pipeline(_: Call, image: str, file: Path, spec: Path, source: str, base: str) -> Done:
    """Compile a model's training pipeline to KFP YAML.

    IMAGE is the image of the steps. The spec with its query is compiled in, so that the file is complete: a run needs
    no bucket for the spec.
    """
    from components.load_spec.spec_uri import packed
    from model.spec.reader import read_spec
    from pipelines.cluster.settings import ClusterSettings
    from pipelines.compile import compile_graph
    from pipelines.graph_settings import GraphSettings
    from pipelines.training import training

    loaded = read_spec(spec)
    settings = GraphSettings(
        image, loaded, packed(loaded), source=source, base=base, threads=2, cluster=ClusterSettings()
    )
    compile_graph(training, settings, file)
    return Done({"pipeline": str(file), "image": image})
