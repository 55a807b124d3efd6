from typing import NamedTuple

from kfp import dsl
from kfp.dsl import Model, Output


@dsl.component(base_image="python-set-by-the-graph", install_kfp_package=False)
def champion(
    model: str,
    champion: str,
    refusal: str,
    released: Output[Model],
) -> NamedTuple("Outputs", [("refusal", str)]):  # type: ignore[valid-type] # the one form that KFP ships in the body
    """Bring the model in service, which the new one has to beat; none is a champion too, for a first run.

    Args:
        model: Name of the model.
        champion: The model in service, pinned by its digest; empty for none.
        refusal: Why the run cannot start, as JSON; empty when it can.

    Returns:
        refusal: Why the run ends here or ended before, as JSON; empty when it goes on.
    """
    import os
    from pathlib import Path
    from typing import NamedTuple

    from build.settings import cache_folder, required_key
    from components.champion.champion import champion as run
    from components.step import Step

    with Step("champion", outputs=[released.path]) as step:
        step.pass_on(value=refusal)
        digest = run(
            champion,
            model,
            Path(released.path),
            cache=cache_folder(os.environ),
            required=required_key(os.environ),
            report=lambda message: step.progress(0, 1, message),
        )
        released.metadata.update({"reference": champion, "digest": digest or ""})

    class Outputs(NamedTuple):
        refusal: str

    return Outputs(step.refusal.dump().decode() if step.refusal else "")
