"""ECR's own API: who may push where, with AWS's refusals as problems with a hint.

Credentials are the AWS library's own search: environment, profile, or the role of a pod's service account (IRSA).
"""

import base64
import contextlib
import json
import re
import time
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache, cached_property
from typing import Any

import botocore
from botocore.config import Config
from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    NoCredentialsError,
    PartialCredentialsError,
    UnknownRegionError,
)
from botocore.loaders import Loader, create_loader
from botocore.session import Session

from build.oci.store import StoreError
from build.oci.tag_mutability import TagRules
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


UNTAGGED_DAYS = 14
LIFECYCLE = {
    "rules": [
        {
            "rulePriority": 1,
            "description": "images of broken builds",
            "selection": {
                "tagStatus": "untagged",
                "countType": "sinceImagePushed",
                "countUnit": "days",
                "countNumber": UNTAGGED_DAYS,
            },
            "action": {"type": "expire"},
        }
    ]
}


@dataclass(frozen=True)
class EcrRepository:
    """`host/name` is its address as ECR reports it, in every partition."""

    host: str
    name: str
    rules: TagRules


@dataclass(frozen=True)
class EcrToken:
    """Credentials for the registry until `ends`, in seconds since 1970."""

    user: str
    password: str
    ends: float


class MissingCredentialsError(StoreError):
    """There are no AWS credentials here at all; those that AWS does not know are another matter."""


@cache
def _descriptions() -> Loader:
    """The library's descriptions of services and regions: each is read once, because that takes longer than a call."""
    return create_loader()


def _session() -> Session:
    """A new one each time, because a session keeps the credentials that it has found."""
    session = Session()
    session.register_component("data_loader", _descriptions())
    return session


@cache
def domain(region: str) -> str:
    """Where AWS has its services in this region: each partition (China, GovCloud, …) has a domain of its own.

    That of the public partition for a region that botocore does not know.
    """
    try:
        partition = _session().get_partition_for_region(region)
    except UnknownRegionError:
        partition = "aws"
    listed = _descriptions().load_data("partitions")["partitions"]
    return next(str(entry["outputs"]["dnsSuffix"]) for entry in listed if entry["id"] == partition)


def registry_of(host: str) -> tuple[str, str] | None:
    """Account and region of a host that is ECR's. A host that only looks like one must never be sent AWS's token."""
    match = REPOSITORY_HOST.fullmatch(host)
    if match is None or match[3] != domain(match[2]):
        return None
    return match[1], match[2]


class EcrApi:
    """ECR's API in one region, for the registry of one account. AWS is first asked by the first call."""

    def __init__(self, account: str, region: str) -> None:
        self.account, self.region = account, region

    @property
    def host(self) -> str:
        return f"{self.account}.dkr.ecr.{self.region}.{domain(self.region)}"

    @cached_property
    def _client(self) -> Any:
        session = _session()
        partitions = session.get_available_partitions()
        regions = [name for partition in partitions for name in session.get_available_regions("ecr", partition)]
        if regions and self.region not in regions:
            near = [name for name in regions if name[:2] == self.region[:2]] or regions
            problem = f"{self.region!r} is not a region of ECR"
            raise StoreError(self._problem(problem, f"Regions are {', '.join(near)}", "ecr-region"))
        return session.create_client("ecr", region_name=self.region, config=STANDARD)

    def repository(self, name: str) -> EcrRepository | None:
        """None when it does not exist. Raises StoreError."""
        missing = "RepositoryNotFoundException"
        try:
            answer = self._call(
                "DescribeRepositories", expected=missing, registryId=self.account, repositoryNames=[name]
            )
        except ClientError:
            return None
        described = answer["repositories"][0]
        host, _, address = str(described["repositoryUri"]).partition("/")
        return EcrRepository(host, address, TagRules.of(described))

    def create_repository(self, name: str) -> None:
        """With tags that never move, a scan on push, and an end for images without a tag. Raises StoreError."""
        with contextlib.suppress(ClientError):  # created by another builder, meanwhile
            self._call(
                "CreateRepository",
                expected="RepositoryAlreadyExistsException",
                registryId=self.account,
                repositoryName=name,
                imageTagMutability="IMMUTABLE",
                imageScanningConfiguration={"scanOnPush": True},
            )
        policy = json.dumps(LIFECYCLE)
        self._call("PutLifecyclePolicy", registryId=self.account, repositoryName=name, lifecyclePolicyText=policy)

    def token(self) -> EcrToken:
        """Raises StoreError."""
        issued = self._call("GetAuthorizationToken")["authorizationData"][0]
        user, _, password = base64.b64decode(issued["authorizationToken"]).decode().partition(":")
        return EcrToken(user, password, issued["expiresAt"].timestamp())

    def _call(self, operation: str, *, expected: str = "", **parameters: Any) -> Mapping[str, Any]:
        """AWS's answer. Raises StoreError; ClientError for the `expected` error code."""
        method = getattr(self._client, botocore.xform_name(operation))
        try:
            answer: Mapping[str, Any] = method(**parameters)
        except (NoCredentialsError, PartialCredentialsError) as error:
            problem = f"there are no AWS credentials ({error})"
            raise MissingCredentialsError(self._problem(problem, CREDENTIALS, "ecr-credentials")) from error
        except ClientError as error:
            if error.response["Error"].get("Code") == expected:
                raise
            raise StoreError(self._refusal(operation, error)) from error
        except BotoCoreError as error:
            hint = f"Check the network, and that {self.region} is the region of the repository"
            raise StoreError(self._problem(f"cannot be reached ({error})", hint, "ecr-unreachable")) from error
        return answer

    def _refusal(self, operation: str, error: ClientError) -> Problem:
        code, message = error.response["Error"].get("Code", ""), error.response["Error"].get("Message", "")
        if code in DENIED:
            hint = f"Allow ecr:{operation} for this role on account {self.account}"
            return self._problem(f"may not {operation} ({message})", hint, "ecr-permission")
        if code in TURNED_DOWN:
            return self._problem(f"turned the credentials down ({code})", CREDENTIALS, "ecr-credentials")
        status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
        if "Throttl" in code or code == "TooManyRequestsException" or status >= 500:
            problem = f"answered {code} to {operation}, {ATTEMPTS} times"
            return self._problem(problem, "Try again later", "ecr-busy")
        return self._problem(f"refused {operation} ({code}: {message})", "Fix what ECR names", "ecr-refused")

    def _problem(self, problem: str, hint: str, code: str) -> Problem:
        return Problem(f"ECR {self.account}.{self.region}", problem, hint, code)


class EcrLogin:
    """A Login with ECR's token. It lasts twelve hours; a push that outlives it gets a new one."""

    def __init__(self, api: EcrApi) -> None:
        self._api = api
        self._token: EcrToken | None = None

    def credentials(self, *, renew: bool) -> tuple[str, str] | None:
        """Raises StoreError."""
        if renew or self._token is None or time.time() > self._token.ends - SOON:
            self._token = self._api.token()
        return self._token.user, self._token.password
