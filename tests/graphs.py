"""Settings of a graph for tests, as they are compiled in: the file is complete, as it is on a cluster."""

from components.load_spec.spec_uri import packed
from model.spec.types import Spec
from pipelines.compile import local_image
from pipelines.graph_settings import GraphSettings

BASE = "registry.example/kamado/server@sha256:" + "1" * 64


def settings_of(spec: Spec, *, image: str = "", source: str = "duckdb:/data", **more) -> GraphSettings:
    values = {"base": "", "threads": 2, **more}
    return GraphSettings(image or local_image(), spec, packed(spec), source=source, **values)
