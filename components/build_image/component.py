from kfp import dsl
from kfp.dsl import Artifact, Input, Model, Output


@dsl.component(base_image="python-set-by-the-graph", install_kfp_package=False)
def build_image(
    base: str, destination: str, trained: Input[Model], evaluation: Input[Artifact], image: Output[Artifact]
) -> None:
    """Check the bundle and its verdict at the gate, then append it to the server base as one layer."""
    import os
    from pathlib import Path

    from build.image.build import build
    from build.image.request import BuildRequest
    from build.settings import cache_folder, git_commit, required_key, signing_key
    from components.step import Step
    from model.files import write_atomically

    with Step("build_image") as step:
        built = build(
            Path(trained.path) / "bundle",
            Path(evaluation.path) / "verdict.json",
            BuildRequest(
                destination,
                base=base or None,
                cache=cache_folder(os.environ),
                commit=git_commit(os.environ),
                key=signing_key(os.environ),
                required=required_key(os.environ),
            ),
            report=lambda message: step.progress(0, 1, message),
        )
        write_atomically(Path(image.path), built.dump())
