"""Verbs over bundles and images: verify, image, component-image, base-images."""

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click

from cli.options import registry_option, store_option
from cli.outcome import Done, Unfinished
from cli.verb import Call, Verb
from model.errors import Problem
from model.exit_codes import DONE, REFUSED
from model.text import printable

UNCHANGED = "no tag names an image that is incomplete or unproven"
VERDICT = "verdict.json of evaluate"
FOLDER = click.Path(path_type=Path)


@dataclass(frozen=True)
class Verification:
    """What the gate found."""

    bundle: Path
    with_verdict: bool
    problems: tuple[Problem, ...]

    @property
    def exit_code(self) -> int:
        return REFUSED if self.problems else DONE

    def for_programs(self) -> object:
        if self.problems:
            return Unfinished("refused", self.exit_code, self._title(), self.problems)
        return {"outcome": "finished", "exit_code": self.exit_code, "problems": []}

    def show(self, console: Any) -> None:
        if not self.problems:
            more = "" if self.with_verdict else "; its verdict was not verified (--verdict)"
            console.print(printable(f"{self.bundle} is valid{more}"), markup=False)
            return
        from rich.console import Console
        from rich.table import Table

        table = Table("code", "problem", "hint", title=self._title(), title_justify="left")
        for problem in self.problems:
            table.add_row(problem.code, f"{problem.where}: {problem.problem}", problem.hint)
        # The text of a damaged bundle is never markup. Into a pipe nothing is cut: a path or a digest is what a reader
        # looks for.
        width = None if sys.stdout.isatty() else 240
        Console(markup=False, emoji=False, highlight=False, width=width).print(table)

    def _title(self) -> str:
        return printable(f"{self.bundle}: {len(self.problems)} problem(s), no image")


@click.command("verify", cls=Verb)
@click.argument("bundle", type=FOLDER)
@click.option("--verdict", type=FOLDER, default=None, help=f"{VERDICT}; without it only the bundle is verified.")
def verify(_: Call, bundle: Path, verdict: Path | None) -> Verification:
    """Verify a bundle at the gate, and report every problem.

    Exit code 0: valid; 1: not.
    """
    from build.gate.gate import verify as problems_of

    return Verification(bundle, verdict is not None, tuple(problems_of(bundle, verdict)))


@click.command("image", cls=Verb, unchanged=UNCHANGED)
@click.argument("bundle", type=FOLDER)
@click.option("--verdict", type=FOLDER, required=True, help=f"{VERDICT}.")
@store_option("--to")
@click.option(
    "--base",
    default="",
    metavar="IMAGE",
    help="Server base: HOST/REPOSITORY:TAG, or oci:FOLDER:TAG; default: made here.",
)
@click.option(
    "--smoke-test",
    type=click.Choice(["auto", "engine", "process"]),
    default="auto",
    help="How the image is started for its smoke test; auto: by the engine, if there is one.",
)
@click.option(
    "--key",
    type=FOLDER,
    default=None,
    help="Private key in PEM that signs bundle and verdict; default: KAMADO_SIGNING_KEY.",
)
def image(call: Call, bundle: Path, verdict: Path, store: str, base: str, smoke_test: Any, key: Path | None) -> Done:
    """Make the image of a bundle: verify, lay the model on a server base, smoke test, publish.

    The tag is written last.
    """
    from build.image.build import build
    from build.image.request import BuildRequest
    from build.settings import cache_folder, git_commit, required_key, signing_key

    request = BuildRequest(
        store,
        base or None,
        cache_folder(call.environ),
        smoke_test=smoke_test,
        commit=git_commit(call.environ),
        key=key or signing_key(call.environ),
        required=required_key(call.environ),
    )
    document = build(bundle, verdict, request, report=call.report)
    lines = (f"{document.outcome} in {store}", f"image {document.reference}")
    return Done(document.model_dump(mode="json"), lines)


python_option = click.option(
    "--python",
    default="",
    metavar="IMAGE",
    help='Python image by digest, or "debian"; default: the public one, or Debian\'s where it cannot be pulled.',
)


@click.command("base-images", cls=Verb, unchanged="images that were there before are unchanged")
@click.option(
    "--out",
    type=FOLDER,
    default=Path("out/base-images"),
    metavar="FOLDER",
    help="OCI layout to write; default: out/base-images.",
)
@python_option
def base_images(call: Call, out: Path, python: str) -> Done:
    """Build the base images of server and steps with a container engine, into an OCI layout."""
    from build.image.base_images.base_images import base_images as build
    from build.settings import cache_folder, git_commit

    digests = build(
        out,
        python or None,
        call.environ,
        cache=cache_folder(call.environ),
        commit=git_commit(call.environ),
        report=call.report,
    )
    return Done(digests, tuple(f"oci:{out}:{name} is {digest}" for name, digest in digests.items()))


@click.command("component-image", cls=Verb, unchanged="what the registry has is unchanged")
@registry_option
@python_option
def component_image(call: Call, registry: str, python: str) -> Done:
    """Build the image of the steps with a container engine and push it.

    The last line is the image by digest, which is how a pipeline names it. The same content is pushed once.
    """
    from build.image.base_images.component_image import component_image as build
    from build.settings import cache_folder, git_commit

    pushed = build(
        registry,
        python or None,
        call.environ,
        cache=cache_folder(call.environ),
        commit=git_commit(call.environ),
        report=call.report,
    )
    return Done(pushed, (f"{pushed.outcome}, tag {pushed.tag}", pushed.reference))
