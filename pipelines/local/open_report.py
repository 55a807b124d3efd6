"""Open the last run's report: `python -m pipelines.local.open_report --out OUT`. Where there is no screen, name it."""

from model import interrupt

if __name__ == "__main__":
    interrupt.exit_at_once()

import os
import sys
import webbrowser
from collections.abc import Mapping, Sequence
from pathlib import Path

from model.command_line import CommandLine


def main(arguments: Sequence[str], environ: Mapping[str, str]) -> int:
    """0 = opened or named, 1 = there is none, 2 = the command line cannot be understood."""
    parser = CommandLine(prog="python -m pipelines.local.open_report", description=__doc__)
    parser.add_argument("--out", default="out", metavar="FOLDER", help="folder of results; default: out")
    args = parser.parse_args(arguments)
    report = (Path(args.out) / "report.html").absolute()
    if not report.is_file():
        print(f"{report} is not there yet. Train a model first: make run OUT={args.out}", file=sys.stderr)
        return 1
    print(report)
    if environ.get("DISPLAY") or environ.get("WAYLAND_DISPLAY") or sys.platform == "darwin":
        webbrowser.open(report.as_uri())
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:], os.environ))
