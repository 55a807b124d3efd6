from kfp import dsl
from kfp.dsl import Artifact, Dataset, Input, Model, Output


@dsl.component(base_image="python-set-by-the-graph", install_kfp_package=False)
def train(
    spec: Input[Artifact],
    trials: int,
    minutes: float,
    threads: int,
    rows: Input[Dataset],
    parts: Input[Dataset],
    trained: Output[Model],
) -> None:
    """Search, fit and calibrate a conversion model, with its baselines beside it."""
    from pathlib import Path

    from components.step import Step
    from components.train.train import train as run
    from model.spec.types import Spec

    with Step("train") as step:
        run(
            Spec.from_json(Path(spec.path).read_text("utf-8")),
            Path(parts.path),
            Path(rows.path),
            Path(trained.path),
            trials=trials,
            minutes=minutes,
            threads=threads,
            progress=step.progress,
        )
