from kfp import dsl
from kfp.dsl import Artifact, Dataset, Input, Output


@dsl.component(base_image="python-set-by-the-graph", install_kfp_package=False)
def preprocess(spec: Input[Artifact], rows: Input[Dataset], splits: Output[Dataset]) -> None:
    """Reject and count the rare rows, then divide the rest into train, calibration and test."""
    from pathlib import Path

    from components.preprocess.preprocess import preprocess as run
    from components.step import Step
    from model.spec.types import Spec

    with Step("preprocess") as step:
        run(
            Spec.from_json(Path(spec.path).read_text("utf-8")),
            Path(rows.path),
            Path(splits.path),
            progress=step.progress,
        )
