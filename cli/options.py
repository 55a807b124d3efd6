"""Options that several verbs share."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from build.oci.store_address import FORMS, address_problem
from cli.types import ArgumentProblem
from model.errors import Problem

if TYPE_CHECKING:
    from build.oci.store import ImageStore

DEFAULT_STORE = "oci:out/images"  # where `make run` puts its images
REGISTRIES = "registry://HOST/REPOSITORY or ecr://ACCOUNT.REGION/REPOSITORY"
STORE_HELP = f"Image store: {FORMS}; default: KAMADO_IMAGES, else {DEFAULT_STORE}."


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
                "--specs",
                default=None,
                metavar="FOLDERS",
                help="Several of them, or a folder that holds them: one run.",
            ),
            click.option("--image", default="", metavar="IMAGE@sha256:…", help="Image of the steps."),
            click.option("--bigquery", default="", metavar="PROJECT[.DATASET]@LOCATION", help="Read from BigQuery."),
            click.option("--data", default="", metavar="FOLDER", help="Folder of tables that every pod mounts."),
            click.option("--base", default="", metavar="IMAGE@sha256:…", help="Server base of the model's image."),
            click.option(
                "--to",
                "destination",
                default="",
                metavar="STORE",
                help="Image store of the model's image; default: KAMADO_IMAGES.",
                callback=lambda ctx, _, name: (
                    name or ("" if ctx.resilient_parsing else ctx.obj.get("KAMADO_IMAGES", ""))
                ),
            ),
            click.option("--champion", default="", metavar="STORE", help="Model in service, to be beaten."),
            click.option("--cluster", default="", metavar="FILE", help="Settings of the cluster, cluster.yaml."),
        )
    ):
        command = option(command)
    return command


def store_option(name: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """The option `name` for an image store, which the callback of a verb gets as `store`."""
    return click.option(name, "store", default="", metavar="STORE", help=STORE_HELP, callback=_store)


def _store(ctx: click.Context, param: click.Parameter, name: str) -> str:
    """The address on the command line, else that of the environment, else the default. Raises ArgumentProblem."""
    if ctx.resilient_parsing:  # of shell completion
        return name
    address: str = name or ctx.obj.get("KAMADO_IMAGES") or DEFAULT_STORE
    if problem := address_problem(address):
        source = param.opts[0] if name else "KAMADO_IMAGES"
        raise ArgumentProblem(replace(problem, where=f"{source}={problem.where}"))
    return address


def registry_option(command: Callable[..., Any]) -> Callable[..., Any]:
    """The option --to for a registry that clusters pull from, which the callback of a verb gets as `registry`."""
    help_text = f"Registry: {REGISTRIES}; default: KAMADO_IMAGES."
    return click.option("--to", "registry", default="", metavar="REGISTRY", help=help_text, callback=_registry)(command)


def _registry(ctx: click.Context, param: click.Parameter, name: str) -> str:
    """As `_store`, without a default. Raises ArgumentProblem also for a folder, from which no cluster pulls."""
    if ctx.resilient_parsing:
        return name
    address: str = name or ctx.obj.get("KAMADO_IMAGES") or ""
    hint = f"Name a registry: {REGISTRIES}"
    if not address:
        raise ArgumentProblem(Problem("--to", "is missing", hint, "store-missing"))
    where = f"{'--to' if name else 'KAMADO_IMAGES'}={address}"
    if address.startswith("oci:"):
        problem = "is a folder of this machine, from which no cluster pulls"
        raise ArgumentProblem(Problem(where, problem, hint, "store-local"))
    return _store(ctx, param, name)


def open_existing_store(name: str, environ: Mapping[str, str]) -> "ImageStore":
    """Raises StoreError also for a folder that is not there, which would be an empty store."""
    from build.oci.open_store import open_store
    from build.oci.store import StoreError
    from build.settings import cache_folder

    if name.startswith("oci:") and not Path(name.removeprefix("oci:")).is_dir():
        raise StoreError(Problem(f"--in {name}", "is not a folder", f"Use {FORMS}", "store-unknown"))
    return open_store(name, cache=cache_folder(environ))
