"""ECR's own API: who may push where, with AWS's refusals put into words.

Credentials are boto3's own search: environment, profile, or the role of a pod's service account (IRSA).
"""

import base64
import time
from typing import Any

import boto3
import botocore
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError, NoCredentialsError, PartialCredentialsError

from build.publish import PlaceRefused
from model.errors import Fault

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
CREDENTIALS = "Set AWS_PROFILE or AWS_ACCESS_KEY_ID, or give the pod's service account a role (IRSA)"


class Service:
    """ECR's own API in one region, for the registry of one account. Its refusals are put into words."""

    def __init__(self, account: str, region: str) -> None:
        self.account, self.region = account, region
        session = boto3.session.Session()  # not boto3's shared one, which keeps the credentials of whoever was first
        known = session.get_available_regions("ecr")
        if known and region not in known:
            near = [one for one in known if one[:2] == region[:2]] or known
            raise self._refused(f"{region!r} is no region of ECR", f"Regions are {', '.join(near)}", "ecr-region")
        self._client = session.client("ecr", region_name=region, config=STANDARD)

    def call(self, operation: str, **parameters: Any) -> dict[str, Any]:
        """Raises PlaceRefused; ClientError for what is left to the caller."""
        method = getattr(self._client, botocore.xform_name(operation))
        try:
            answer: dict[str, Any] = method(**parameters)
        except (NoCredentialsError, PartialCredentialsError) as error:
            raise self._refused(f"there are no AWS credentials ({error})", CREDENTIALS, "ecr-credentials") from error
        except ClientError as error:
            self._refuse(operation, error)
            raise
        except BotoCoreError as error:
            way_out = f"Check the network, and that {self.region} is the region of the repository"
            raise self._refused(f"cannot be reached ({error})", way_out, "ecr-unreachable") from error
        return answer

    def _refuse(self, operation: str, error: ClientError) -> None:
        code, told = error.response["Error"].get("Code", ""), error.response["Error"].get("Message", "")
        if code in DENIED:
            way_out = f"Allow ecr:{operation} for this role on account {self.account}"
            raise self._refused(f"may not {operation} ({told})", way_out, "ecr-permission") from error
        if code in TURNED_DOWN:
            raise self._refused(f"turned the credentials down ({code})", CREDENTIALS, "ecr-credentials") from error
        status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
        if "Throttl" in code or code == "TooManyRequestsException" or status >= 500:
            found = f"answered {code} to {operation}, {ATTEMPTS} times"
            raise self._refused(found, "Try again later", "ecr-busy") from error

    def _refused(self, found: str, way_out: str, code: str) -> PlaceRefused:
        return PlaceRefused(Fault(f"ECR {self.account}.{self.region}", found, way_out, code))


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
