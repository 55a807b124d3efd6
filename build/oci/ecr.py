"""AWS ECR: a registry with AWS's credentials, a repository that is created when it is missing, tags that never move."""

from build.oci.credentials import docker_login
from build.oci.ecr_api import EcrApi, EcrLogin, MissingCredentialsError, registry_of
from build.oci.image import DIGEST, Image
from build.oci.registry import RegistryStore
from build.oci.registry_client import RegistryClient
from build.oci.registry_session import DEFAULT
from build.oci.retry import RetryPolicy
from build.oci.store import PushedImage, StoreError
from build.oci.tag_mutability import TagRules
from model.errors import Problem


class EcrStore(RegistryStore):
    """AWS is first asked when something is published or read. A repository that is missing has no tags."""

    def __init__(self, account: str, region: str, repository: str) -> None:
        self.api, self.repository = EcrApi(account, region), repository
        super().__init__(RegistryClient(self.api.host, repository, login=EcrLogin(self.api)), locks=None)
        self._rules: TagRules | None = None

    @property
    def client(self) -> RegistryClient:
        """Raises StoreError when the repository is missing, or lets all tags move."""
        if not self._exists():
            problem = f"is not in account {self.api.account}, region {self.api.region}"
            raise StoreError(
                Problem(f"repository {self.repository}", problem, "Publish an image first", "store-broken")
            )
        return self._client

    def tags(self) -> list[str]:
        return super().tags() if self._exists() else []

    def resolve(self, name: str) -> str | None:
        if not self._exists():
            return None
        if not DIGEST.fullmatch(name):
            self._refuse_movable(name)
        return super().resolve(name)

    def push(self, image: Image) -> PushedImage:
        if not self._exists():
            self.api.create_repository(self.repository)
        return super().push(image)

    def tag(self, digest: str, tag: str, *, replaces: str | None = None) -> None:
        if self._exists():
            self._refuse_movable(tag)
        super().tag(digest, tag, replaces=replaces)

    def _exists(self) -> bool:
        """The address of the repository is what ECR calls it, in every partition."""
        if self._rules is None:
            repository = self.api.repository(self.repository)
            if repository is None:
                return False
            if repository.rules.all_move:
                raise self._movable("lets tags move")
            self._client = RegistryClient(repository.host, repository.name, login=self._client.http.login)
            self._rules = repository.rules
        return True

    def _refuse_movable(self, tag: str) -> None:
        rules = self._rules
        if rules is not None and rules.may_move(tag):
            pattern = rules.filter_of(tag)
            reason = f"its exclusion filter {pattern!r} matches" if pattern else "no exclusion filter matches"
            raise self._movable(f"lets the tag {tag!r} move: it is {rules.mutability} and {reason}")

    def _movable(self, problem: str) -> StoreError:
        command = (
            f"aws ecr put-image-tag-mutability --region {self.api.region} --registry-id {self.api.account} "
            f"--repository-name {self.repository} --image-tag-mutability IMMUTABLE"
        )
        problem += ", and a deployment could get another image under the same tag"
        return StoreError(Problem(f"repository {self.repository}", problem, f"Run: {command}", "ecr-mutable"))


def ecr_client(host: str, repository: str, *, policy: RetryPolicy = DEFAULT) -> RegistryClient:
    """For reading what `host/repository` names, with AWS's credentials, from the address that ECR reports.

    Without AWS credentials the login is that of `docker login`: a machine may have a token and no keys. A role that
    may pull from the repository of another account, and may not describe it, pulls from the host that was named.
    Raises StoreError for whatever else AWS refuses.
    """
    registry = registry_of(host)
    if registry is None:
        return RegistryClient(host, repository, login=docker_login(host), policy=policy)
    api = EcrApi(*registry)
    try:
        described = api.repository(repository)
    except MissingCredentialsError:
        return RegistryClient(host, repository, login=docker_login(host), policy=policy)
    except StoreError as refusal:
        if refusal.problems[0].code != "ecr-permission":
            raise
        described = None
    if described is not None:
        host, repository = described.host, described.name
    return RegistryClient(host, repository, login=EcrLogin(api), policy=policy)
