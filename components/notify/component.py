from typing import List  # noqa: UP035 # KFP reads this form alone

from kfp import dsl
from kfp.dsl import PipelineTaskFinalStatus


@dsl.component(base_image="python-set-by-the-graph", install_kfp_package=False)
def notify(
    model: str,
    run: str,
    status: PipelineTaskFinalStatus,
    api: str,
    ui: str,
    models: List[str],  # noqa: UP006
) -> None:
    """Post the end of the run to a webhook. It never fails: the run keeps the colour that it has.

    Args:
        model: Name of the model; of several, how many.
        run: Id of the run.
        status: How the run ended.
        api: Address of Kubeflow's API in the cluster; empty for none.
        ui: Address of Kubeflow's pages; empty for none.
        models: Their names, of a run of several.
    """
    import os

    from components.notify.message import EndOfRun
    from components.notify.notify import notify as run_notify
    from components.step import Step

    with Step("notify") as step:
        end = EndOfRun(model, run, status.state, status.error_message or "", ui, tuple(models))
        run_notify(end, api, os.environ, report=lambda message: step.progress(0, 1, message))
