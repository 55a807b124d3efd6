"""ECR's own API: who may push where, with AWS's refusals put into words.

Credentials are boto3's own search: environment, profile, or the role of a pod's service account (IRSA).
"""

import base64
import re
import time
from functools import cache
from typing import Any

import boto3
import botocore
from botocore.config import Config
from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    NoCredentialsError,
    PartialCredentialsError,
    UnknownRegionError,
)
from botocore.loaders import Loader

from build.oci.store import StoreError
from model.errors import Problem

SOON = 300  # seconds before its end at which a token is no longer begun with
ATTEMPTS = 6  # with a wait that doubles, and jitter, as "standard" has it
STANDARD = Config(retries={"mode": "standard", "max_attempts": ATTEMPTS}, connect_timeout=10, read_timeout=60)
DENIED = ("AccessDeniedException", "AccessDenied", "UnauthorizedOperation", "NotAuthorized")
TURNED_DOWN = (
    "UnrecognizedClientException",
    "InvalidSignatureException",
    "ExpiredTokenException",
    "ExpiredToken",
    "InvalidClientTokenId",
    "SignatureDoesNotMatch",
)
REPOSITORY_HOST = re.compile(r"(\d{12})\.dkr\.ecr(?:-fips)?\.([a-z0-9-]+)\.(.+)")
CREDENTIALS = "Set AWS_PROFILE or AWS_ACCESS_KEY_ID, or give the pod's service account a role (IRSA)"


class MissingCredentialsError(StoreError):
    """There are no AWS credentials here at all; those that AWS does not know are another matter."""


@cache
def domain(region: str) -> str:
    """Where AWS has its services in this region: each partition (China, GovCloud, …) has a domain of its own.

    That of the public partition for a region that botocore does not know.
    """
    try:
        partition = boto3.session.Session().get_partition_for_region(region)
    except UnknownRegionError:
        partition = "aws"
    listed = Loader().load_data("partitions")["partitions"]
    return next(str(entry["outputs"]["dnsSuffix"]) for entry in listed if entry["id"] == partition)


def registry_of(host: str) -> tuple[str, str] | None:
    """Account and region of a host that is ECR's. A host that only looks like one must never be sent AWS's token."""
    named = REPOSITORY_HOST.fullmatch(host)
    if named is None or named[3] != domain(named[2]):
        return None
    return named[1], named[2]


class Service:
    """ECR's own API in one region, for the registry of one account. Its refusals are put into words."""

    def __init__(self, account: str, region: str) -> None:
        self.account, self.region = account, region
        session = boto3.session.Session()  # not boto3's shared one, which keeps the credentials of whoever was first
        partitions = session.get_available_partitions()
        known = [name for partition in partitions for name in session.get_available_regions("ecr", partition)]
        if known and region not in known:
            near = [name for name in known if name[:2] == region[:2]] or known
            raise self._refused(f"{region!r} is not a region of ECR", f"Regions are {', '.join(near)}", "ecr-region")
        self._client = session.client("ecr", region_name=region, config=STANDARD)

    def call(self, operation: str, **parameters: Any) -> dict[str, Any]:
        """Raises StoreError; ClientError for what is left to the caller."""
        method = getattr(self._client, botocore.xform_name(operation))
        try:
            answer: dict[str, Any] = method(**parameters)
        except (NoCredentialsError, PartialCredentialsError) as error:
            found = f"there are no AWS credentials ({error})"
            raise MissingCredentialsError(self._fault(found, CREDENTIALS, "ecr-credentials")) from error
        except ClientError as error:
            self._refuse(operation, error)
            raise
        except BotoCoreError as error:
            hint = f"Check the network, and that {self.region} is the region of the repository"
            raise self._refused(f"cannot be reached ({error})", hint, "ecr-unreachable") from error
        return answer

    def repository(self, name: str) -> dict[str, Any] | None:
        """What ECR says of a repository; None when it is not there. Raises StoreError, ClientError."""
        try:
            answer = self.call("DescribeRepositories", registryId=self.account, repositoryNames=[name])
        except ClientError as error:
            if error.response["Error"]["Code"] == "RepositoryNotFoundException":
                return None
            raise
        described: dict[str, Any] = answer["repositories"][0]
        return described

    def _refuse(self, operation: str, error: ClientError) -> None:
        code, told = error.response["Error"].get("Code", ""), error.response["Error"].get("Message", "")
        if code in DENIED:
            hint = f"Allow ecr:{operation} for this role on account {self.account}"
            raise self._refused(f"may not {operation} ({told})", hint, "ecr-permission") from error
        if code in TURNED_DOWN:
            raise self._refused(f"turned the credentials down ({code})", CREDENTIALS, "ecr-credentials") from error
        status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
        if "Throttl" in code or code == "TooManyRequestsException" or status >= 500:
            found = f"answered {code} to {operation}, {ATTEMPTS} times"
            raise self._refused(found, "Try again later", "ecr-busy") from error

    def unexpected(self, error: ClientError) -> StoreError:
        """What ECR refuses and nobody expected, with ECR's own reason."""
        message = error.response["Error"]
        found = f"refused {error.operation_name} ({message.get('Code')}: {message.get('Message')})"
        return self._refused(found, "Fix what ECR names", "ecr-refused")

    def _refused(self, found: str, hint: str, code: str) -> StoreError:
        return StoreError(self._fault(found, hint, code))

    def _fault(self, found: str, hint: str, code: str) -> Problem:
        return Problem(f"ECR {self.account}.{self.region}", found, hint, code)


class EcrLogin:
    """A Login with ECR's token. It lasts twelve hours; a push that outlives it gets a new one."""

    def __init__(self, service: Service) -> None:
        self._service = service
        self._credentials: tuple[str, str] | None = None
        self._ends = 0.0

    def credentials(self, *, renew: bool) -> tuple[str, str] | None:
        if renew or self._credentials is None or time.time() > self._ends - SOON:
            given = self._service.call("GetAuthorizationToken")["authorizationData"][0]
            user, _, password = base64.b64decode(given["authorizationToken"]).decode().partition(":")
            self._credentials, self._ends = (user, password), given["expiresAt"].timestamp()
        return self._credentials
