"""Open the last run's report: `python -m pipelines.open_report OUT`. Where there is no screen, name it."""

import os
import sys
import webbrowser
from pathlib import Path


def main(out: str) -> None:
    report = (Path(out) / "report.html").absolute()
    if not report.is_file():
        raise SystemExit(f"{report} is not there yet. Train a model first: make run OUT={out}")
    print(report)
    if os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY") or sys.platform == "darwin":
        webbrowser.open(report.as_uri())


if __name__ == "__main__":
    main(*sys.argv[1:])
