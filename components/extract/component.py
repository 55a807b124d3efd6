from kfp import dsl
from kfp.dsl import Artifact, Dataset, Input, Output


@dsl.component(base_image="python-set-by-the-graph", install_kfp_package=False)
def extract(spec: Input[Artifact], source: str, end: str, rows: Output[Dataset]) -> None:
    """Run the model's GoogleSQL over the window that ends at `end` and write the rows as Parquet."""
    from pathlib import Path

    from components.extract.extract import extract as run
    from components.extract.window import window
    from components.step import Step
    from model.spec.types import Spec

    with Step("extract") as step:
        loaded = Spec.from_json(Path(spec.path).read_text("utf-8"))
        run(loaded, source, window(loaded, end), Path(rows.path), progress=step.progress)
