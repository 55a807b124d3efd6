from typing import NamedTuple

from kfp import dsl
from kfp.dsl import Artifact, Input


@dsl.component(base_image="python-set-by-the-graph", install_kfp_package=False)
def resolve(
    spec: Input[Artifact],
    end: str,
    scheduled: str,
    created: str,
    source: str,
    base: str,
    champion: str,
    destination: str,
    cluster: bool,
) -> NamedTuple("Outputs", [("end", str), ("data_version", str), ("champion", str), ("refusal", str)]):  # type: ignore[valid-type] # the one form that KFP ships in the body
    """Ask everything of the outer world that the run depends on, before anything takes long.

    Args:
        end: End of the window, exclusive; empty for the spec's, or the day of the schedule or of the run.
        scheduled: Moment for which the run was scheduled.
        created: Moment at which the run was created.
        source: Where the rows are.
        base: Server base of the image, by digest; empty for one that is made here.
        champion: Model in service, a bundle's folder or an image store; empty for none.
        destination: Image store for the image.
        cluster: Whether the steps run in pods.

    Returns:
        end: End of the window as 2026-07-01.
        data_version: State of the tables, as the source reports it.
        champion: Model in service, pinned by its digest; empty for none.
        refusal: Why the run cannot start, as JSON; empty when it can.
    """
    import os
    from datetime import UTC, datetime
    from pathlib import Path
    from typing import NamedTuple

    from components.resolve.resolve import Resolved, RunInputs
    from components.resolve.resolve import resolve as run
    from components.step import Step
    from model.spec.types import Spec

    resolved = Resolved()
    with Step("resolve") as step:
        step.pass_on(spec.path)
        resolved = run(
            Spec.read(Path(spec.path)),
            RunInputs(end, scheduled, created, source, base, champion, destination, cluster),
            os.environ,
            today=datetime.now(UTC).date(),
            report=lambda message: step.progress(0, 1, message),
        )

    class Outputs(NamedTuple):
        end: str
        data_version: str
        champion: str
        refusal: str

    refusal = step.refusal.dump().decode() if step.refusal else ""
    return Outputs(resolved.end, resolved.data_version, resolved.champion, refusal)
