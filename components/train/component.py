from kfp import dsl
from kfp.dsl import Artifact, Dataset, Input, Model, Output


@dsl.component(base_image="python-set-by-the-graph", install_kfp_package=False)
def train(
    spec: Input[Artifact],
    threads: int,
    rows: Input[Dataset],
    splits: Input[Dataset],
    trained: Output[Model],
) -> None:
    """Search, fit and calibrate a conversion model, with its baselines beside it."""
    from pathlib import Path

    from components.step import Step
    from components.train.train import train as run
    from model.spec.types import Spec

    with Step("train") as step:
        loaded = Spec.from_json(Path(spec.path).read_text("utf-8"))
        run(
            loaded,
            Path(splits.path),
            Path(rows.path),
            Path(trained.path),
            trials=loaded.training.trials,
            minutes=loaded.training.minutes,
            threads=threads,
            progress=step.progress,
        )
