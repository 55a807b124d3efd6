"""The service that TARGET names."""

from collections.abc import Mapping

from pipelines.submit.service import PipelineService

TARGETS = ("kfp",)


def open_service(target: str, environ: Mapping[str, str]) -> PipelineService:
    """`target` is one of TARGETS. Nothing is asked yet. Raises UsageError with what its settings lack."""
    assert target in TARGETS, target
    from pipelines.submit.kubeflow.client import KubeflowClient
    from pipelines.submit.kubeflow.service import KubeflowService
    from pipelines.submit.kubeflow.settings import KubeflowSettings

    return KubeflowService(KubeflowClient(KubeflowSettings.read(environ)))
