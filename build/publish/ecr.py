"""AWS ECR as a place for images: AWS's login, a repository that is made when it is missing, tags that never move."""

import contextlib
import json
from collections.abc import Iterator, Sequence
from typing import Any, BinaryIO

from botocore.exceptions import ClientError

from build import oci
from build.publish import Attachment, PlaceRefused, Prove, Published, unproven
from build.publish.aws import EcrLogin, Service
from build.publish.registry import RegistryPlace
from build.registry.client import Client
from model.errors import Fault

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


class EcrPlace:
    """A Publisher. AWS is first asked when something is published or read."""

    def __init__(self, account: str, region: str, repository: str) -> None:
        self.account, self.region, self.repository = account, region, repository
        self.name = f"{account}.dkr.ecr.{region}.amazonaws.com/{repository}"
        self._service: Service | None = None
        self._place: RegistryPlace | None = None

    def publish(self, image: oci.Image, tag: str, *, prove: Prove = unproven) -> Published:
        with self._in_words():
            return (self._found() or self._made()).publish(image, tag, prove=prove)

    def tags(self) -> list[str]:
        with self._in_words():
            place = self._found()
            return place.tags() if place else []

    def digest(self, name: str) -> str | None:
        with self._in_words():
            place = self._found()
            return place.digest(name) if place else None

    def manifest(self, digest: str) -> bytes:
        with self._in_words():
            return self._there().manifest(digest)

    def blob(self, digest: str) -> BinaryIO:
        with self._in_words():
            return self._there().blob(digest)

    def add_tag(self, digest: str, tag: str) -> None:
        with self._in_words():
            self._there().add_tag(digest, tag)

    def attach(self, digest: str, attachments: Sequence[Attachment]) -> None:
        with self._in_words():
            self._there().attach(digest, attachments)

    def attachments(self, digest: str) -> list[oci.Blob]:
        with self._in_words():
            return self._there().attachments(digest)

    def _there(self) -> RegistryPlace:
        place = self._found()
        if place is None:
            found = f"is not in account {self.account}, region {self.region}"
            raise PlaceRefused(Fault(f"repository {self.repository}", found, "Publish an image first", "place-broken"))
        return place

    def _found(self) -> RegistryPlace | None:
        """The repository behind its registry, if it is there. Its address is what ECR calls it, in every partition."""
        if self._place is None:
            self._service = self._service or Service(self.account, self.region)
            described = self._described(self._service)
            if described is None:
                return None
            if described["imageTagMutability"] != "IMMUTABLE":  # those with exclusions let some tags move
                raise self._movable()
            self.name = str(described["repositoryUri"])
            host, _, repository = self.name.partition("/")
            self._place = RegistryPlace(Client(host, repository, login=EcrLogin(self._service)), locks=None)
        return self._place

    def _described(self, service: Service) -> dict[str, Any] | None:
        try:
            found = service.call("DescribeRepositories", registryId=self.account, repositoryNames=[self.repository])
        except ClientError as error:
            if error.response["Error"]["Code"] == "RepositoryNotFoundException":
                return None
            raise
        described: dict[str, Any] = found["repositories"][0]
        return described

    def _made(self) -> RegistryPlace:
        service = self._service or Service(self.account, self.region)
        try:
            service.call(
                "CreateRepository",
                registryId=self.account,
                repositoryName=self.repository,
                imageTagMutability="IMMUTABLE",
                imageScanningConfiguration={"scanOnPush": True},
            )
        except ClientError as error:
            if error.response["Error"]["Code"] != "RepositoryAlreadyExistsException":  # by another builder, meanwhile
                raise
        service.call(
            "PutLifecyclePolicy",
            registryId=self.account,
            repositoryName=self.repository,
            lifecyclePolicyText=json.dumps(LIFECYCLE),
        )
        return self._there()

    def _movable(self) -> PlaceRefused:
        command = (
            f"aws ecr put-image-tag-mutability --region {self.region} --registry-id {self.account} "
            f"--repository-name {self.repository} --image-tag-mutability IMMUTABLE"
        )
        found = "lets tags move, and a deployment could be given another image under the same tag"
        return PlaceRefused(Fault(f"repository {self.repository}", found, f"Run: {command}", "ecr-mutable"))

    @contextlib.contextmanager
    def _in_words(self) -> Iterator[None]:
        """What ECR refuses and nobody expected, as a fault with ECR's own reason."""
        try:
            yield
        except ClientError as error:
            told = error.response["Error"]
            found = f"refused {error.operation_name} ({told.get('Code')}: {told.get('Message')})"
            way_out = "Mend what ECR names"
            raise PlaceRefused(Fault(f"ECR {self.account}.{self.region}", found, way_out, "ecr-refused")) from error


def ecr_place(account: str, region: str, repository: str) -> EcrPlace:
    """Raises nothing: AWS is first asked when something is published or read."""
    return EcrPlace(account, region, repository)
