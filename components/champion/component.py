from kfp import dsl
from kfp.dsl import Artifact, Input, Model, Output


@dsl.component(base_image="python-set-by-the-graph", install_kfp_package=False)
def champion(spec: Input[Artifact], champion: str, released: Output[Model]) -> None:
    """Bring the model in service, which the new one has to beat; none is a champion too, for a first run."""
    import os
    from pathlib import Path

    from build.settings import cache_folder, required_key
    from components.champion.champion import champion as run
    from components.step import Step
    from model.spec.types import Spec

    with Step("champion") as step:
        run(
            champion,
            Spec.from_json(Path(spec.path).read_text("utf-8")).model,
            Path(released.path),
            cache=cache_folder(os.environ),
            required=required_key(os.environ),
            report=lambda message: step.progress(0, 1, message),
        )
