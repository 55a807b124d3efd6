"""AWS ECR as a place for images: AWS's login, a repository that is made when it is missing, tags that never move."""

import contextlib
import json
from collections.abc import Iterator, Sequence
from typing import BinaryIO

from botocore.exceptions import ClientError

from build.oci.ecr_api import EcrLogin, Service, domain
from build.oci.image import DIGEST, Blob, Image
from build.oci.registry import RegistryStore
from build.oci.registry_client import Client
from build.oci.store import Attachment, Prove, Published, StoreError, unproven
from build.oci.tag_mutability import TagRules
from model.errors import Problem

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


class EcrStore:
    """A Publisher. AWS is first asked when something is published or read."""

    def __init__(self, account: str, region: str, repository: str) -> None:
        self.account, self.region, self.repository = account, region, repository
        self.name = f"{account}.dkr.ecr.{region}.{domain(region)}/{repository}"
        self._service: Service | None = None
        self._place: RegistryStore | None = None
        self._rules = TagRules("IMMUTABLE")

    def publish(self, image: Image, tag: str, *, prove: Prove = unproven) -> Published:
        with self._in_words():
            place = self._found() or self._made()
            self._refuse_movable(tag)
            return place.publish(image, tag, prove=prove)

    def tags(self) -> list[str]:
        with self._in_words():
            place = self._found()
            return place.tags() if place else []

    def digest(self, name: str) -> str | None:
        with self._in_words():
            place = self._found()
            if not DIGEST.fullmatch(name):
                self._refuse_movable(name)
            return place.digest(name) if place else None

    def manifest(self, digest: str) -> bytes:
        with self._in_words():
            return self._there().manifest(digest)

    def blob(self, digest: str) -> BinaryIO:
        with self._in_words():
            return self._there().blob(digest)

    def add_tag(self, digest: str, tag: str) -> None:
        with self._in_words():
            place = self._there()
            self._refuse_movable(tag)
            place.add_tag(digest, tag)

    def attach(self, digest: str, attachments: Sequence[Attachment]) -> None:
        with self._in_words():
            self._there().attach(digest, attachments)

    def attachments(self, digest: str) -> list[Blob]:
        with self._in_words():
            return self._there().attachments(digest)

    def _there(self) -> RegistryStore:
        place = self._found()
        if place is None:
            found = f"is not in account {self.account}, region {self.region}"
            raise StoreError(Problem(f"repository {self.repository}", found, "Publish an image first", "place-broken"))
        return place

    def _found(self) -> RegistryStore | None:
        """The repository behind its registry, if it is there. Its address is what ECR calls it, in every partition."""
        if self._place is None:
            self._service = self._service or Service(self.account, self.region)
            described = self._service.repository(self.repository)
            if described is None:
                return None
            self._rules = TagRules.of(described)
            if self._rules.all_move:
                raise self._movable("lets tags move")
            self.name = str(described["repositoryUri"])
            host, _, repository = self.name.partition("/")
            self._place = RegistryStore(Client(host, repository, login=EcrLogin(self._service)), locks=None)
        return self._place

    def _made(self) -> RegistryStore:
        service = self._service = self._service or Service(self.account, self.region)
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

    def _refuse_movable(self, tag: str) -> None:
        if self._rules.may_move(tag):
            pattern = self._rules.filter_of(tag)
            why = f"its exclusion filter {pattern!r} matches" if pattern else "no exclusion filter matches"
            raise self._movable(f"lets the tag {tag!r} move: it is {self._rules.mutability} and {why}")

    def _movable(self, found: str) -> StoreError:
        command = (
            f"aws ecr put-image-tag-mutability --region {self.region} --registry-id {self.account} "
            f"--repository-name {self.repository} --image-tag-mutability IMMUTABLE"
        )
        found += ", and a deployment could be given another image under the same tag"
        return StoreError(Problem(f"repository {self.repository}", found, f"Run: {command}", "ecr-mutable"))

    @contextlib.contextmanager
    def _in_words(self) -> Iterator[None]:
        """What ECR refuses and nobody expected, as a problem with ECR's own reason."""
        try:
            yield
        except ClientError as error:
            assert self._service is not None  # there is no ClientError without it
            raise self._service.unexpected(error) from error


def ecr_store(account: str, region: str, repository: str) -> EcrStore:
    """Raises nothing: AWS is first asked when something is published or read."""
    return EcrStore(account, region, repository)
