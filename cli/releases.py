"""Verbs over releases: releases, promote, rollback, fetch."""

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from cli.options import open_existing_store, store_option
from cli.outcome import Done
from cli.types import WholeNumber
from cli.verb import Call, Verb
from model.errors import OutputError, Problem
from model.exit_codes import DONE
from model.text import printable

if TYPE_CHECKING:
    from build.oci.store import ImageStore
    from build.release.releases import Release

UNCHANGED = "no release tag was moved"
SHOWN_METRICS = ("log_loss", "auc", "calibration_ratio", "ips_lift")  # of those that a model has
STORE = store_option("--in")
MODEL = click.argument("model")


@dataclass(frozen=True)
class Listing:
    """The releases of a model, newest first."""

    model: str
    store: str
    title: str
    releases: Sequence["Release"]
    exit_code: int = DONE

    def for_programs(self) -> object:
        return [release.as_json() for release in self.releases]

    def show(self, console: Any) -> None:
        if not self.releases:
            first = f"kamado promote {self.model} TAG --in {self.store} makes the first"
            console.print(printable(f"{self.model} has no release in {self.store}; {first}"), markup=False)
            return
        from rich.console import Console
        from rich.table import Table

        metrics = [name for name in SHOWN_METRICS if any(name in release.metrics for release in self.releases)]
        columns = ("release", "data until", "digest", *metrics)
        table = Table(*columns, title=printable(self.title), title_justify="left")
        for release in self.releases:
            values = [f"{release.metrics[name]:.5g}" if name in release.metrics else "" for name in metrics]
            table.add_row(release.tag, printable(release.cutoff), release.digest, *values)
        # Digests are there to be copied: a table that is wider than the terminal, or than none, is not cut.
        Console(markup=False, emoji=False, highlight=False, width=240).print(table)


@click.command("releases", cls=Verb)
@MODEL
@STORE
@click.option(
    "--newest", type=WholeNumber(1, None, example=20), default=20, metavar="NUMBER", help="List this many; default: 20."
)
def releases(call: Call, model: str, store: str, newest: int) -> Listing:
    """List the releases of a model, newest first."""
    from build.release.releases import releases as releases_of

    images = open_existing_store(store, call.environ)
    return Listing(model, store, f"{model} in {store}", releases_of(images, model, newest=newest))


@click.command("promote", cls=Verb, unchanged=UNCHANGED)
@MODEL
@click.argument("image", metavar="DIGEST|TAG")
@STORE
def promote(call: Call, model: str, image: str, store: str) -> Done:
    """Release an image under the next number, once the whole image is verified."""
    from build.release.promote import promote as release

    images = open_existing_store(store, call.environ)
    return _released(images, release(images, model, image, keys=_required_keys(call), report=_to_stderr))


@click.command("rollback", cls=Verb, unchanged=UNCHANGED)
@MODEL
@STORE
def rollback(call: Call, model: str, store: str) -> Done:
    """Release again what was in service before the newest release."""
    from build.release.promote import rollback as release_previous

    images = open_existing_store(store, call.environ)
    return _released(images, release_previous(images, model, keys=_required_keys(call), report=_to_stderr))


@click.command("fetch", cls=Verb, unchanged="no folder was written")
@MODEL
@click.argument("release", required=False, default=None)
@STORE
@click.option(
    "--key",
    type=click.Path(path_type=Path),
    default=None,
    help="Public key in PEM that must have signed bundle and verdict.",
)
@click.option(
    "--into",
    type=click.Path(path_type=Path),
    default=None,
    metavar="FOLDER",
    help="Folder to make; default: out/fetched/MODEL-REL.",
)
def fetch(call: Call, model: str, release: str | None, store: str, key: Path | None, into: Path | None) -> Done:
    """Bring a released bundle and its verdict back into a folder.

    RELEASE is a number or a tag; default: the newest.
    """
    from build.release.fetch import fetch as bring
    from build.release.releases import number_of
    from build.release.releases import release as find

    images = open_existing_store(store, call.environ)
    match = find(images, model, number_of(model, release) if release else None)
    folder = into or Path("out", "fetched", match.tag)
    if folder.exists():
        raise OutputError(_unwritable(folder, "exists already"))
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        keys = (*_required_keys(call), *([key] if key else []))
        digest = bring(images, match, folder, keys=keys, report=_to_stderr)
    except OSError as error:
        raise OutputError(_unwritable(folder, f"cannot be written ({error.strerror or error})")) from error
    document = {**match.as_json(), "bundle": digest, "folder": str(folder)}
    return Done(document, (f"{match.tag} is in {folder}: bundle {digest}",))


def _released(images: "ImageStore", release: "Release") -> Done:
    return Done(release.as_json(), (f"released {images.name}:{release.tag}@{release.digest}",))


def _required_keys(call: Call) -> list[Path]:
    from build.settings import required_key

    key = required_key(call.environ)
    return [key] if key else []


def _unwritable(folder: Path, problem: str) -> Problem:
    return Problem(str(folder), problem, "Name another folder with --into", "out-unwritable")


def _to_stderr(line: str) -> None:
    print(printable(line), file=sys.stderr)
