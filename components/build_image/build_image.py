"""The image of a model that was promoted; any other verdict has none."""

from collections.abc import Callable
from pathlib import Path

from artifacts.verdict import Verdict
from build.image.build import build
from build.image.request import BuildRequest
from model.files import output_folder


def build_image(
    bundle: Path, evaluation: Path, request: BuildRequest, out: Path, *, report: Callable[[str], None]
) -> None:
    """Write `out/image.json` where the verdict in `evaluation` promotes; else `out` stays empty.

    The verdict is read here, and checked by the gate: that a graph comes to this step says nothing about a model.
    Raises DataError without a verdict, and what `build.image.build` raises.
    """
    verdict = Verdict.read(evaluation)
    with output_folder(out):
        if verdict.verdict == "promote":
            build(bundle, evaluation / Verdict.FILE, request, report=report).write(out)
        else:
            report(f"no image: {verdict.verdict}")
