"""A base in ECR: the login is AWS's, and the address the one that ECR tells, as for a destination."""

from botocore.exceptions import ClientError

from build.oci.credentials import Login, docker_login
from build.oci.ecr_api import EcrLogin, MissingCredentialsError, Service, registry_of
from build.oci.store import StoreError


def ecr_address(host: str, repository: str) -> tuple[str, str, Login]:
    """Host, repository and login for what `host/repository` names.

    Without AWS credentials the login is what `docker login` kept: a machine may have a token and no keys. A role that
    may fetch from the repository of another account, and may not describe it, fetches from the host that was named.
    Raises StoreError for whatever else AWS refuses.
    """
    named = registry_of(host)
    if named is None:
        return host, repository, docker_login(host)
    service = Service(*named)
    try:
        described = service.repository(repository)
    except MissingCredentialsError:
        return host, repository, docker_login(host)
    except ClientError as error:
        raise service.unexpected(error) from error
    except StoreError as refusal:
        if refusal.problems[0].code != "ecr-permission":
            raise
        described = None
    if described is not None:
        host, _, repository = str(described["repositoryUri"]).partition("/")
    return host, repository, EcrLogin(service)
