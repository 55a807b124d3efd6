"""From the host and repository of a reference to a reader."""

from build.oci.credentials import docker_login
from build.oci.registry import RegistryReader
from build.oci.registry_client import RegistryClient
from build.oci.retry import RetryPolicy


def open_registry(host: str, repository: str, *, policy: RetryPolicy) -> RegistryReader:
    """A reader of `host/repository`, with AWS's credentials where the host is ECR's, else those of `docker login`.

    Raises StoreError for what AWS refuses.
    """
    if ".dkr.ecr" not in host:
        return RegistryReader(RegistryClient(host, repository, login=docker_login(host), policy=policy))
    from build.oci.ecr import ecr_client  # boto3 takes half a second

    return RegistryReader(ecr_client(host, repository, policy=policy))
