"""Options that several verbs share."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from model.errors import Problem

if TYPE_CHECKING:
    from build.oci.store import ImageStore

DEFAULT_STORE = "oci:out/images"  # where `make run` puts its images
STORES = "oci:FOLDER, registry://HOST/REPOSITORY or ecr://ACCOUNT.REGION/REPOSITORY"
STORE_HELP = f"Image store: {STORES}; default: KAMADO_IMAGES, else {DEFAULT_STORE}."


def spec_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """The options of every verb that reads a spec and its rows."""
    for option in reversed(
        (
            click.option(
                "--spec", default="examples/rental_portal", metavar="FOLDER", help="Folder with spec.yaml and its SQL."
            ),
            click.option(
                "--data",
                default="",
                metavar="FOLDER",
                help="Folder of tables; an example that simulates its data needs none.",
            ),
            click.option(
                "--bigquery",
                default="",
                metavar="PROJECT[.DATASET]@LOCATION",
                help="Read from BigQuery in place of --data.",
            ),
            click.option("--out", default="out", metavar="FOLDER", help="Folder of results; default: out."),
            click.option(
                "--end",
                default="",
                metavar="DAY",
                help="End of the window, exclusive, as 2026-07-01; default: the spec's.",
            ),
        )
    ):
        command = option(command)
    return command


def pipeline_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """The options of every verb that compiles a pipeline for a cluster."""
    for option in reversed(
        (
            click.option("--spec", default="", metavar="FOLDER", help="Folder with spec.yaml and its SQL."),
            click.option(
                "--specs", default="", metavar="FOLDERS", help="Several of them, or a folder that holds them: one run."
            ),
            click.option("--image", default="", metavar="IMAGE@sha256:…", help="Image of the steps."),
            click.option("--bigquery", default="", metavar="PROJECT[.DATASET]@LOCATION", help="Read from BigQuery."),
            click.option("--data", default="", metavar="FOLDER", help="Folder of tables that every pod mounts."),
            click.option("--base", default="", metavar="IMAGE@sha256:…", help="Server base of the model's image."),
            click.option("--to", "destination", default="", metavar="STORE", help="Image store of the model's image."),
            click.option("--champion", default="", metavar="STORE", help="Model in service, to be beaten."),
            click.option("--cluster", default="", metavar="FILE", help="Settings of the cluster, cluster.yaml."),
        )
    ):
        command = option(command)
    return command


def store_of(name: str, environ: Mapping[str, str]) -> str:
    """The image store on the command line, else that of the environment, else the default."""
    return name or environ.get("KAMADO_IMAGES") or DEFAULT_STORE


def open_existing_store(name: str, environ: Mapping[str, str]) -> "ImageStore":
    """Raises StoreError also for a folder that is not there, which would be an empty store."""
    from build.oci.open_store import FORMS, open_store
    from build.oci.store import StoreError
    from build.settings import cache_folder

    if name.startswith("oci:") and not Path(name.removeprefix("oci:")).is_dir():
        raise StoreError(Problem(f"--in {name}", "is not a folder", f"Use {FORMS}", "store-unknown"))
    return open_store(name, cache=cache_folder(environ))
