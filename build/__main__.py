"""The command line: `python -m build verify BUNDLE` and `python -m build image BUNDLE --verdict V --to oci:FOLDER`."""

import argparse
import json
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path

from rich.console import Console
from rich.table import Table

from build.gate import verify
from build.image import Order, build
from build.seal.seal import WAYS
from model.errors import Fault, Refused

VERDICT = "verdict.json of evaluate"


def main(arguments: Sequence[str], environ: Mapping[str, str]) -> int:
    """0 = sound or published, 1 = refused with every fault told."""
    asked = parser().parse_args(arguments)
    if asked.command == "verify":
        return _verify(asked.bundle, asked.verdict, as_json=asked.json)
    try:
        return _image(asked, environ)
    except Refused as refusal:
        print(refusal, file=sys.stderr)
        return 1


def _image(asked: argparse.Namespace, environ: Mapping[str, str]) -> int:
    order = Order(asked.to, base=asked.base, cache=cache(environ), seal=asked.seal, commit=commit(environ))
    made = build(asked.bundle, asked.verdict, order)
    print(f"{made['outcome']} in {asked.to}")
    print(f"image {made['reference']}")
    return 0


def parser() -> argparse.ArgumentParser:
    top = argparse.ArgumentParser(prog="python -m build", description=__doc__)
    commands = top.add_subparsers(dest="command", required=True)
    checked = commands.add_parser("verify", help="tell every fault of a bundle; exit 0 = sound, 1 = not")
    checked.add_argument("bundle", type=Path, metavar="BUNDLE", help="folder that train wrote")
    checked.add_argument("--verdict", type=Path, help=f"{VERDICT}; without it the bundle alone is looked at")
    checked.add_argument("--json", action="store_true", help="one JSON object, for programs")
    image = commands.add_parser("image", help="verify, then put the bundle into an image")
    image.add_argument("bundle", type=Path, metavar="BUNDLE", help="folder that train wrote")
    image.add_argument("--verdict", type=Path, required=True, help=VERDICT)
    image.add_argument(
        "--to", required=True, help="oci:FOLDER, registry://HOST/REPOSITORY or ecr://ACCOUNT.REGION/REPOSITORY"
    )
    image.add_argument("--base", help="server base: HOST/REPOSITORY:TAG, or oci:FOLDER:TAG; default: made here")
    image.add_argument(
        "--seal", choices=WAYS, default="auto", help="how the image is proven; auto: engine if there is one"
    )
    return top


def cache(environ: Mapping[str, str]) -> Path:
    """Where made bases are kept: KAMADO_CACHE, else ~/.cache/kamado."""
    return Path(environ.get("KAMADO_CACHE") or Path.home() / ".cache" / "kamado")


def commit(environ: Mapping[str, str]) -> str | None:
    """The git commit of this code: KAMADO_COMMIT, which the steps' image carries, else what git says of this folder."""
    if told := environ.get("KAMADO_COMMIT"):
        return told
    command = ["git", "-C", str(Path(__file__).parent), "describe", "--always", "--abbrev=40", "--dirty", "--exclude=*"]
    try:
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        return None


def _verify(bundle: Path, verdict: Path | None, *, as_json: bool) -> int:
    faults = verify(bundle, verdict)
    if as_json:
        print(json.dumps({"sound": not faults, "faults": [asdict(fault) for fault in faults]}, indent=1))
    elif faults:
        _show(bundle, faults)
    else:
        print(f"{bundle} is sound" + ("" if verdict else "; its verdict was not asked for (--verdict)"))
    return 1 if faults else 0


def _show(bundle: Path, faults: Sequence[Fault]) -> None:
    table = Table("code", "fault", "way out", title=f"{bundle}: {len(faults)} fault(s), no image", title_justify="left")
    for fault in faults:
        table.add_row(fault.code, f"{fault.where}: {fault.found}", fault.way_out)
    # What stands in a damaged bundle is text, never markup.
    Console(markup=False, emoji=False, highlight=False).print(table)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:], os.environ))
