"""The service that TARGET names."""

from collections.abc import Mapping

from model.errors import Problem, UsageError
from pipelines.submit.service import PipelineService

TARGETS = ("kfp", "vertex")


def open_service(target: str, environ: Mapping[str, str]) -> PipelineService:
    """Nothing is asked yet. Raises UsageError for a target that is none of TARGETS, and with what its settings lack."""
    if target not in TARGETS:
        raise UsageError(Problem("TARGET", f"is {target!r}", f"Use {' or '.join(TARGETS)}", "target-unknown"))
    if target == "vertex":
        from pipelines.submit.vertex.client import VertexClient
        from pipelines.submit.vertex.service import VertexService
        from pipelines.submit.vertex.settings import VertexSettings

        return VertexService(VertexClient(VertexSettings.read(environ)))
    from pipelines.submit.kubeflow.client import KubeflowClient
    from pipelines.submit.kubeflow.service import KubeflowService
    from pipelines.submit.kubeflow.settings import KubeflowSettings

    return KubeflowService(KubeflowClient(KubeflowSettings.read(environ)))
