"""What is compiled into a pipeline that runs on this machine."""

from pathlib import Path

from model.spec.types import Spec
from pipelines.compile import local_image
from pipelines.graph_settings import GraphSettings


def local_settings(
    run: Path, spec: Spec, *, source: str, base: str = "", threads: int = 1, image: str | None = None
) -> GraphSettings:
    """Of a run in the folder `run`, in which the spec becomes a file; `image` is None where steps are processes."""
    spec.write(run)
    uri = (run / "spec.json").as_uri()
    return GraphSettings(image or local_image(), spec, uri, source=source, base=base, threads=threads)
