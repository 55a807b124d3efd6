from kfp import dsl
from kfp.dsl import Artifact, Input


@dsl.component(base_image="python-set-by-the-graph", install_kfp_package=False)
def conclude(outcome: str, evaluation: Input[Artifact], image: Input[Artifact]) -> None:
    """Print the outcome and why; a refused, rejected or invalid model ends the run red.

    Args:
        outcome: promote, hold, insufficient-data, reject, invalid or refused.
    """
    from pathlib import Path

    from components.conclude.conclude import conclude as run
    from components.step import Step

    with Step("conclude") as step:
        run(outcome, Path(evaluation.path), Path(image.path))
        step.progress(1, 1, outcome)
