"""What the containers of a run see of this machine, and that none of them outlives the run."""

import contextlib
import json
import os
import uuid
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipelines.local.threads import THREADS

if TYPE_CHECKING:
    from pipelines.local.steps_image import StepsImage


LABEL = "kamado.run"
CACHE = "KAMADO_CACHE"
# Variables that name a file or a folder. Without a value it is the one in the home folder, which a container has not.
FILES = {
    "KAMADO_SIGNING_KEY": "",
    "KAMADO_REQUIRE_KEY": "",
    "GOOGLE_APPLICATION_CREDENTIALS": "",
    "CLOUDSDK_CONFIG": ".config/gcloud",
    "AWS_CONFIG_FILE": ".aws/config",
    "AWS_SHARED_CREDENTIALS_FILE": ".aws/credentials",
    "AWS_CA_BUNDLE": "",
    "AWS_WEB_IDENTITY_TOKEN_FILE": "",
    "DOCKER_CONFIG": ".docker",
    "REQUESTS_CA_BUNDLE": "",
    "SSL_CERT_FILE": "",
}
PREFIXES = ("AWS_", "GOOGLE_", "BIGQUERY_", "STORAGE_")
PROXIES = ("http_proxy", "https_proxy", "no_proxy", "HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY")


@dataclass(frozen=True)
class Containers:
    """How the steps of one run are started. Paths are absolute, and the same inside and outside of a container.

    `images` are the engine's ids by the references that the pipeline has for them. `run` is the label by which the
    engine finds its containers again. `passed` names variables whose values, which may be secret, are in no file.
    """

    images: dict[str, str]
    run: str
    read_only: tuple[str, ...]
    writable: tuple[str, ...]
    environment: dict[str, str]
    passed: tuple[str, ...]
    user: str
    network: str

    @classmethod
    def of_run(
        cls,
        image: "StepsImage",
        run: Path,
        *,
        out: Path,
        cache: Path,
        inputs: Iterable[str],
        environ: Mapping[str, str],
    ) -> "Containers":
        """For the run in the folder `run` of `out`; `inputs` are the addresses that its steps read from.

        OUT and the cache can be written, all else only be read. They run as the user who runs them, so that what they
        write belongs to that user, and with the network of this machine: a registry on loopback is reached, and an
        engine without a bridge has no other.
        """
        files, scratch = _files(environ), str(run / "tmp")
        cache.mkdir(parents=True, exist_ok=True)
        return cls(
            images={image.reference: image.engine_id},
            run=uuid.uuid4().hex,
            read_only=tuple(sorted({*files.values(), *filter(None, map(_path_in, inputs))})),
            writable=(str(out), str(cache)),
            environment={
                **files,
                **THREADS,
                CACHE: str(cache),
                "TMPDIR": scratch,
                "HOME": scratch,
            },
            passed=tuple(sorted(name for name in environ if name.startswith(PREFIXES) or name in PROXIES)),
            user=f"{os.getuid()}:{os.getgid()}",
            network="host",
        )

    @classmethod
    def read(cls, path: Path) -> "Containers":
        values: Any = json.loads(path.read_text("utf-8"))
        for name in ("read_only", "writable", "passed"):
            values[name] = tuple(values[name])
        return cls(**values)

    def write(self, path: Path) -> None:
        path.write_text(json.dumps(asdict(self)), encoding="utf-8")

    def environment_from(self, environ: Mapping[str, str]) -> dict[str, str]:
        return {**{name: environ[name] for name in self.passed if name in environ}, **self.environment}

    def remove_all(self) -> None:
        """End every container of this run. Where the engine is gone, they are too."""
        import docker.errors  # here, because a run without containers does without the engine's client
        from requests.exceptions import RequestException

        from pipelines.local.steps_image import ContainerRunError, engine

        with (
            contextlib.suppress(ContainerRunError, docker.errors.DockerException, RequestException),
            engine() as client,
        ):
            for container in client.containers.list(
                all=True, filters={"label": f"{LABEL}={self.run}"}, ignore_removed=True
            ):
                with contextlib.suppress(docker.errors.APIError):  # it is being removed already
                    container.remove(force=True)


def _files(environ: Mapping[str, str]) -> dict[str, str]:
    """Variable -> the absolute path that it stands for, of those that exist."""
    home = Path.home()
    named = {name: environ.get(name) or (str(home / default) if default else "") for name, default in FILES.items()}
    return {name: str(Path(path).absolute()) for name, path in named.items() if path and Path(path).exists()}


def _path_in(address: str) -> str | None:
    """The file or folder that an address names: PATH, duckdb:PATH, oci:PATH or oci:PATH:TAG; None for one elsewhere."""
    path = address if address.startswith("/") else address.partition(":")[2]
    if not path.startswith("/"):
        return None
    return next((name for name in (path, path.rpartition(":")[0]) if name and Path(name).exists()), None)
