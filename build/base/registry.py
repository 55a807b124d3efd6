"""A base in a registry, read over HTTP as the OCI distribution specification 1.1 has it: `HOST/REPOSITORY:TAG`."""

import base64
import binascii
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Literal

import requests
from requests.adapters import HTTPAdapter, Retry

from build.base.blobs import Blobs
from build.base.ground import Base, BaseRefused
from build.base.manifest import GREATEST, INDEXES, MANIFESTS, read_base
from model.errors import Fault

HUB = "registry-1.docker.io"
REFERENCE = re.compile(
    r"(?:(?P<host>[a-zA-Z0-9.-]+\.[a-zA-Z0-9.-]+(?::\d+)?|localhost(?::\d+)?|[a-zA-Z0-9.-]+:\d+)/)?"
    r"(?P<repository>[a-z0-9]+(?:[._/-]+[a-z0-9]+)*)(?::(?P<tag>\w[\w.-]{0,127}))?(?:@(?P<digest>sha256:[0-9a-f]{64}))?"
)
SECONDS = (10, 60)  # to connect, and between two bytes
CHUNK = 1 << 20


@dataclass(frozen=True)
class Reference:
    """A parsed reference; a digest counts more than a tag."""

    host: str
    repository: str
    reference: str

    @classmethod
    def parse(cls, text: str) -> "Reference":
        """Raises BaseRefused. Without a host it is Docker Hub's, where a name without a folder is in `library`."""
        found = REFERENCE.fullmatch(text)
        if found is None:
            way_out = "Use HOST/REPOSITORY:TAG, HOST/REPOSITORY@sha256:…, or oci:FOLDER:TAG"
            raise BaseRefused(Fault(f"base {text}", "names no image", way_out, "base-reference"))
        host, repository = found["host"], found["repository"]
        if host in (None, "docker.io"):
            host = HUB
            repository = repository if "/" in repository else f"library/{repository}"
        return cls(host, repository, found["digest"] or found["tag"] or "latest")


class Registry:
    """A Source that reads, and never writes. Loopback is asked without TLS, all else with."""

    kind: Literal["registry", "oci"] = "registry"

    def __init__(self, host: str, repository: str, *, blobs: Blobs, login: tuple[str, str] | None = None) -> None:
        self.name = f"{host}/{repository}"
        loopback = host.split(":")[0] in ("localhost", "127.0.0.1")
        self.url = f"{'http' if loopback else 'https'}://{host}/v2/{repository}"
        self.blobs, self.login = blobs, login
        self.session = requests.Session()
        busy = (429, 500, 502, 503, 504)
        retry = Retry(total=4, connect=1, backoff_factor=0.3, status_forcelist=busy, raise_on_status=False)
        for scheme in ("http://", "https://"):
            self.session.mount(scheme, HTTPAdapter(max_retries=retry))

    def manifest(self, reference: str) -> bytes:
        with self._get(f"manifests/{reference}", accept=", ".join((*INDEXES, *MANIFESTS))) as answer:
            return answer.raw.read(GREATEST, decode_content=True) or b""

    def blob(self, digest: str) -> BinaryIO:
        return self.blobs.open(digest, lambda: self._stream(digest), source=f"base {self.name}")

    def _stream(self, digest: str) -> Iterator[bytes]:
        try:
            with self._get(f"blobs/{digest}") as answer:
                yield from answer.iter_content(CHUNK)
        except requests.RequestException as error:
            raise self._refused(f"broke off while sending {digest} ({error})") from error

    def _get(self, path: str, *, accept: str = "*/*") -> requests.Response:
        answer = self._ask(path, accept)
        if answer.status_code == 401 and self._log_in(answer.headers.get("WWW-Authenticate", "")):
            answer = self._ask(path, accept)
        if answer.status_code != 200:
            raise self._refused(f"answered {answer.status_code} for {path}: {answer.text[:200]}")
        return answer

    def _ask(self, path: str, accept: str) -> requests.Response:
        try:
            return self.session.get(f"{self.url}/{path}", headers={"Accept": accept}, stream=True, timeout=SECONDS)
        except requests.RequestException as error:
            raise self._refused(f"cannot be reached ({error})") from error

    def _log_in(self, challenge: str) -> bool:
        """Basic sends the login itself, Bearer exchanges it, or nothing, for a token. False when there is no way."""
        scheme, _, rest = challenge.partition(" ")
        if scheme.lower() == "basic" and self.login:
            self.session.auth = self.login
            return True
        asked = dict(re.findall(r'(\w+)="([^"]*)"', rest))
        if scheme.lower() != "bearer" or "realm" not in asked:
            return False
        wanted = {key: asked[key] for key in ("service", "scope") if key in asked}
        try:
            answer = requests.get(asked["realm"], params=wanted, auth=self.login, timeout=SECONDS)
            given = answer.json()
        except (requests.RequestException, ValueError):
            return False
        token = given.get("token") or given.get("access_token") if isinstance(given, dict) else None
        if token:
            self.session.headers["Authorization"] = f"Bearer {token}"
        return bool(token)

    def _refused(self, found: str) -> BaseRefused:
        way_out = "Check the reference and `docker login`, or build without BASE_IMAGE"
        return BaseRefused(Fault(f"base {self.name}", found, way_out, "base-missing"))


def docker_login(host: str, config: Path) -> tuple[str, str] | None:
    """What `docker login` kept for this host in its config.json, if anything. Credential helpers are not asked."""
    try:
        kept = json.loads(config.read_bytes())["auths"][host]["auth"]
        user, _, password = base64.b64decode(kept).decode().partition(":")
    except (OSError, ValueError, KeyError, TypeError, binascii.Error):
        return None
    return user, password


def registry_base(reference: str, *, blobs: Blobs) -> Base:
    """The base that `reference` names in its registry. Layers are fetched when they are first read."""
    named = Reference.parse(reference)
    login = docker_login(named.host, Path.home() / ".docker" / "config.json")
    source = Registry(named.host, named.repository, blobs=blobs, login=login)
    try:
        return read_base(source, named.reference)
    except (KeyError, TypeError, AttributeError) as error:
        told = f"sends a manifest without {error}"
        raise BaseRefused(Fault(f"base {reference}", told, "Push the base again", "base-type")) from error
