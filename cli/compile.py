"""Compile a model's training pipeline for a cluster."""

from pathlib import Path

import click

from cli.outcome import Done
from cli.verb import Call, Verb


@click.command("compile", cls=Verb, unchanged="no pipeline was written")
@click.argument("image", metavar="IMAGE@sha256:…")
@click.argument("file", type=click.Path(path_type=Path))
@click.option(
    "--spec",
    type=click.Path(path_type=Path),
    required=True,
    metavar="FOLDER",
    help="Folder with spec.yaml and its SQL.",
)
def compile_pipeline(_: Call, image: str, file: Path, spec: Path) -> Done:
    """Compile a model's training pipeline to KFP YAML.

    IMAGE is the image of the steps. The spec with its query is compiled in as the default of the parameter `spec`, so
    that the file is complete: a run needs no bucket for the spec.
    """
    from components.load_spec.spec_uri import packed
    from model.spec.reader import read_spec
    from pipelines.compile import compile_graph
    from pipelines.training import training

    compile_graph(training, image, file, packed(read_spec(spec)))
    return Done({"pipeline": str(file), "image": image})
