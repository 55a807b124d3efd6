"""The service that TARGET names."""

from collections.abc import Mapping

from pipelines.submit.service import PipelineService

TARGETS = ("kfp", "vertex")


def open_service(target: str, environ: Mapping[str, str]) -> PipelineService:
    """`target` is one of TARGETS. Nothing is asked yet. Raises UsageError with what its settings lack."""
    assert target in TARGETS, target
    if target == "vertex":
        from pipelines.submit.vertex.client import VertexClient
        from pipelines.submit.vertex.service import VertexService
        from pipelines.submit.vertex.settings import VertexSettings

        return VertexService(VertexClient(VertexSettings.read(environ)))
    from pipelines.submit.kubeflow.client import KubeflowClient
    from pipelines.submit.kubeflow.service import KubeflowService
    from pipelines.submit.kubeflow.settings import KubeflowSettings

    return KubeflowService(KubeflowClient(KubeflowSettings.read(environ)))
