"""The command line of the gate, the assembler and the releases: `python -m build --help`."""

from model import interrupt

if __name__ == "__main__":
    interrupt.exit_at_once()

import argparse
import json
import os
import signal
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from build.gate.gate import verify
from build.image.build import build
from build.image.request import BuildRequest
from build.image.smoke_test.smoke_test import WAYS
from build.oci.open_store import FORMS, open_store
from build.oci.redact import redacted
from build.oci.store import ImageStore, StoreError
from build.release.fetch import fetch
from build.release.promote import promote, rollback
from build.release.releases import Release, number_of, release, releases, shown
from build.settings import cache, commit, required_key, signing_key
from model.command_line import CommandLine
from model.errors import KamadoError, OutputError, Problem
from model.text import printable

VERDICT = "verdict.json of evaluate"
PLACE = "oci:out/images"  # where `make run` puts its images
TOLD_METRICS = ("log_loss", "auc", "calibration_ratio", "ips_lift")  # of those that a model has


def main(arguments: Sequence[str], environ: Mapping[str, str]) -> int:
    """0 = sound or done, 1 = refused with every problem told."""
    asked = parser(environ).parse_args(arguments)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))  # so that nothing is left behind
    do: Callable[[argparse.Namespace, Mapping[str, str]], int] = asked.do
    try:
        interrupt.raise_from_now_on()
        return do(asked, environ)
    except KamadoError as refusal:
        print(refusal, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("interrupted; no tag names anything that is not whole and proven", file=sys.stderr)
        return 130


def parser(environ: Mapping[str, str]) -> argparse.ArgumentParser:
    top = CommandLine(prog="python -m build", description=__doc__)
    commands = top.add_subparsers(dest="command", required=True)
    usual = environ.get("KAMADO_IMAGES") or PLACE
    forms = "oci:FOLDER, registry://HOST/REPOSITORY or ecr://ACCOUNT.REGION/REPOSITORY"
    about = f"place of images: {forms}; now {redacted(usual)}"

    def command(
        name: str, does: str, do: Callable[[argparse.Namespace, Mapping[str, str]], int]
    ) -> argparse.ArgumentParser:
        made = commands.add_parser(name, help=does, description=does)
        made.set_defaults(do=do)
        return made

    checked = command("verify", "tell every problem of a bundle; exit 0 = sound, 1 = not", _verify)
    checked.add_argument("bundle", type=Path, metavar="BUNDLE", help="folder that train wrote")
    checked.add_argument("--verdict", type=Path, help=f"{VERDICT}; without it the bundle alone is looked at")
    image = command("image", "verify, lay the model on a server, prove the image, publish it", _image)
    image.add_argument("bundle", type=Path, metavar="BUNDLE", help="folder that train wrote")
    image.add_argument("--verdict", type=Path, required=True, help=VERDICT)
    image.add_argument("--to", default=usual, help=about)
    image.add_argument("--base", help="server base: HOST/REPOSITORY:TAG, or oci:FOLDER:TAG; default: made here")
    image.add_argument(
        "--smoke-test", choices=WAYS, default="auto", help="where it runs; auto: in the engine, if there is one"
    )
    image.add_argument(
        "--key", type=Path, default=signing_key(environ), help="private key in PEM; it signs bundle and verdict"
    )
    listed = command("releases", "list the releases of a model, newest first", _releases)
    listed.add_argument("--newest", type=_count, default=20, metavar="N", help="so many; default 20")
    promoted = command("promote", "release an image under the next number", _promote)
    back = command("rollback", "release again what was in service before the newest release", _rollback)
    fetched = command("fetch", "bring a released bundle and its verdict back into a folder", _fetch)
    for one in (listed, promoted, back, fetched):
        one.add_argument("model", metavar="MODEL", help="name of the model, as its spec says")
        one.add_argument("--in", dest="place", default=usual, metavar="PLACE", help=about)
    promoted.add_argument("image", metavar="DIGEST|TAG", help="as `image` printed it")
    fetched.add_argument("release", nargs="?", metavar="REL", help="number or tag of the release; default: the newest")
    fetched.add_argument("--key", type=Path, help="public key in PEM that must have signed bundle and verdict")
    fetched.add_argument("--into", type=Path, help="folder to make; default: out/fetched/MODEL-REL")
    for one in (checked, image, listed, promoted, back, fetched):
        one.add_argument("--json", action="store_true", help="one JSON value, for programs")
    return top


def _count(text: str) -> int:
    if not text.isdecimal() or int(text) == 0:
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number above 0, for example 20")
    return int(text)


def _required(environ: Mapping[str, str]) -> Sequence[Path]:
    key = required_key(environ)
    return [key] if key else []


def _to_stderr(says: str) -> None:
    print(printable(says), file=sys.stderr)


def _to_stdout(says: str) -> None:
    print(printable(says))


def _verify(asked: argparse.Namespace, _: Mapping[str, str]) -> int:
    bundle, problems = asked.bundle, verify(asked.bundle, asked.verdict)
    if asked.json:
        print(json.dumps({"sound": not problems, "problems": [asdict(problem) for problem in problems]}, indent=1))
    elif problems:
        _show(bundle, problems)
    else:
        _to_stdout(f"{bundle} is sound" + ("" if asked.verdict else "; its verdict was not asked for (--verdict)"))
    return 1 if problems else 0


def _show(bundle: Path, problems: Sequence[Problem]) -> None:
    table = Table(
        "code",
        "problem",
        "way out",
        title=printable(f"{bundle}: {len(problems)} problem(s), no image"),
        title_justify="left",
    )
    for problem in problems:
        table.add_row(problem.code, f"{problem.where}: {problem.problem}", problem.hint)
    # What stands in a damaged bundle is text, never markup.
    # Into a pipe nothing is cut: a path or a digest is what the reader looks for.
    width = None if sys.stdout.isatty() else 240
    Console(markup=False, emoji=False, highlight=False, width=width).print(table)


def _image(asked: argparse.Namespace, environ: Mapping[str, str]) -> int:
    order = BuildRequest(
        asked.to,
        asked.base,
        cache(environ),
        smoke_test=asked.smoke_test,
        commit=commit(environ),
        key=asked.key,
        required=required_key(environ),
    )
    report = _to_stderr if asked.json else _to_stdout
    made = build(asked.bundle, asked.verdict, order, report=report)
    if asked.json:
        print(json.dumps(made.model_dump(mode="json"), indent=1))
    else:
        _to_stdout(f"{made.outcome} in {asked.to}")
        _to_stdout(f"image {made.reference}")
    return 0


def _releases(asked: argparse.Namespace, environ: Mapping[str, str]) -> int:
    place = _place(asked, environ)
    found = releases(place, asked.model, newest=asked.newest)
    if asked.json:
        print(json.dumps([shown(one) for one in found], indent=1))
        return 0
    if not found:
        _to_stdout(
            f"{asked.model} has no release in {asked.place}; "
            f"python -m build promote {asked.model} TAG --in {asked.place} makes the first"
        )
        return 0
    metrics = [name for name in TOLD_METRICS if any(name in one.metrics for one in found)]
    table = Table(
        "release",
        "data until",
        "digest",
        *metrics,
        title=printable(f"{asked.model} in {place.name}"),
        title_justify="left",
    )
    for one in found:
        figures = [f"{one.metrics[name]:.5g}" if name in one.metrics else "" for name in metrics]
        table.add_row(one.tag, printable(one.cutoff), one.digest, *figures)
    # Digests are there to be copied: a table that is wider than the terminal, or than none, is not cut.
    Console(markup=False, emoji=False, highlight=False, width=240).print(table)
    return 0


def _promote(asked: argparse.Namespace, environ: Mapping[str, str]) -> int:
    place = _place(asked, environ)
    made = promote(place, asked.model, asked.image, keys=_required(environ), report=_to_stderr)
    return _released(asked, place, made)


def _rollback(asked: argparse.Namespace, environ: Mapping[str, str]) -> int:
    place = _place(asked, environ)
    return _released(asked, place, rollback(place, asked.model, keys=_required(environ), report=_to_stderr))


def _released(asked: argparse.Namespace, place: ImageStore, made: Release) -> int:
    _show_result(asked, shown(made), f"released {place.name}:{made.tag}@{made.digest}")
    return 0


def _show_result(asked: argparse.Namespace, document: dict[str, Any], line: str) -> None:
    print(json.dumps(document, indent=1) if asked.json else printable(line))


def _fetch(asked: argparse.Namespace, environ: Mapping[str, str]) -> int:
    place = _place(asked, environ)
    found = release(place, asked.model, asked.release and number_of(asked.model, asked.release))
    into = asked.into or Path("out", "fetched", found.tag)
    if into.exists():
        raise OutputError(Problem(str(into), "is there already", "Name another folder with --into", "place-unwritable"))
    try:
        into.parent.mkdir(parents=True, exist_ok=True)
        keys = (*_required(environ), *([asked.key] if asked.key else []))
        digest = fetch(place, found, into, keys=keys, report=_to_stderr)
    except OSError as error:
        found_there = f"cannot be written ({error.strerror or error})"
        raise OutputError(
            Problem(str(into), found_there, "Name another folder with --into", "place-unwritable")
        ) from error
    told = {**shown(found), "bundle": digest, "folder": str(into)}
    _show_result(asked, told, f"{found.tag} is in {into}: bundle {digest}")
    return 0


def _place(asked: argparse.Namespace, environ: Mapping[str, str]) -> ImageStore:
    if asked.place.startswith("oci:") and not Path(asked.place.removeprefix("oci:")).is_dir():
        raise StoreError(Problem(f"--in {asked.place}", "is not a folder", FORMS, "place-unknown"))
    return open_store(asked.place, cache=cache(environ))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:], os.environ))
