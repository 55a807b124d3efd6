"""The pipeline that looks at a spec and its data before anything is trained: the first steps of training, unchanged."""

from kfp import dsl
from kfp.dsl import base_component

from components.extract.component import extract
from components.load_spec.component import load_spec
from components.preprocess.component import preprocess


def checking(image: str, spec_uri: str) -> base_component.BaseComponent:
    """The graph with every step in `image`, named by digest; `spec_uri` is the default of the parameter `spec`."""

    @dsl.pipeline(name="kamado-check-spec", description="A spec and its data, looked at before training")
    def graph(source: str, end: str, spec: str = spec_uri) -> None:
        loaded = load_spec(uri=spec).set_container_image(image)
        extracted = extract(spec=loaded.outputs["spec"], source=source, end=end).set_container_image(image)
        rows = extracted.outputs["rows"]
        preprocess(spec=loaded.outputs["spec"], rows=rows).set_container_image(image)

    return graph
