from kfp import dsl
from kfp.dsl import Artifact, Dataset, Input, Model, Output


@dsl.component(base_image="python-set-by-the-graph", install_kfp_package=False)
def train(
    spec: Input[Artifact], threads: int, splits: Input[Dataset], released: Input[Model], trained: Output[Model]
) -> None:
    """Search, fit and calibrate a conversion model, with its baselines beside it.

    Args:
        threads: Threads of the search; any number gives the same model.
    """
    import os
    from pathlib import Path

    from build.settings import cache_folder
    from components.step import Step
    from model.spec.types import Spec

    with Step("train", outputs=[trained.path]) as step:
        step.pass_on(spec.path, splits.path, released.path)
        # Imported here: it takes longer than to pass on a refusal, which needs none of it.
        from components.train.train import train as run

        loaded = Spec.read(Path(spec.path))
        champion = Path(released.path) / "bundle"
        digest = run(
            loaded,
            Path(splits.path),
            Path(splits.path),
            Path(trained.path),
            trials=loaded.training.trials,
            minutes=loaded.training.minutes,
            threads=threads,
            champion=champion if champion.is_dir() else None,
            cache=cache_folder(os.environ),
            progress=step.progress,
        )
        trained.metadata.update({"model": loaded.model, "digest": digest})
