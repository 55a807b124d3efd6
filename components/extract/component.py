from kfp import dsl
from kfp.dsl import Dataset, Output


@dsl.component(base_image="python-set-by-the-graph", install_kfp_package=False)
def extract(spec: str, source: str, end: str, rows: Output[Dataset]) -> None:
    """Run the model's GoogleSQL over the window that ends at `end` and keep the rows as Parquet."""
    from pathlib import Path

    from components.extract.extract import extract as run
    from components.extract.window import window
    from components.step import Step
    from model.spec import Spec

    with Step("extract") as step:
        asked = Spec.from_json(spec)
        run(asked, source, window(asked, end), Path(rows.path), progress=step.progress)
