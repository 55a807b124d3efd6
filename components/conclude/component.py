from kfp import dsl
from kfp.dsl import Artifact, Input


@dsl.component(base_image="python-set-by-the-graph", install_kfp_package=False)
def conclude(verdict: str, evaluation: Input[Artifact]) -> None:
    """Say why no image was built; a rejected or invalid model ends the run red."""
    from pathlib import Path

    from components.conclude.conclude import conclude as run
    from components.step import Step

    with Step("conclude"):
        run(Path(evaluation.path), verdict)
