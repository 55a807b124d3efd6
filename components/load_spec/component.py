from kfp import dsl
from kfp.dsl import Artifact, Output


@dsl.component(base_image="python-set-by-the-graph", install_kfp_package=False)
def load_spec(uri: str, spec: Output[Artifact]) -> None:
    """Read the model's spec, so that every later step gets it as an artifact.

    Args:
        uri: The spec as it was compiled in, or a file of this machine.
    """
    from pathlib import Path

    from components.load_spec.load_spec import load_spec as run
    from components.step import Step

    with Step("load_spec", outputs=[spec.path]) as step:
        loaded = run(uri, Path(spec.path))
        spec.metadata.update(
            {"model": loaded.model, "spec_sha256": loaded.spec_sha256, "sql_sha256": loaded.sql_sha256}
        )
        step.progress(1, 1, f"{loaded.model}, {len(loaded.features):,} features")
