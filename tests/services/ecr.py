"""A stand-in for AWS ECR on loopback. It is not ECR: KAMADO_ECR runs the same contract on the real service.

AWS's API is moto's; images are in a real CNCF Distribution registry. This joins them at one address and adds what moto
leaves out: keys that are known and allowed, the signed region, tokens that end, repositories that must exist before a
push, tags that do not move, throttling, and lists of what refers to an image, which ECR keeps since June 2024 (OCI 1.1)
and the registry that Debian packages does not.
"""

import base64
import contextlib
import http.server
import json
import re
import secrets
import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import boto3
import urllib3
from moto.ecr.models import Repository, ecr_backends
from moto.server import ThreadedMotoServer

from build.oci.image import DOCKER_MANIFEST, INDEX, MANIFEST, digest_of
from build.oci.json_documents import dump
from tests.services.http import serving

ACCOUNT, REGION = "123456789012", "ap-northeast-1"
BUILDER, READER = "AKIAKAMADOBUILDER000", "AKIAKAMADOREADER0000"  # the second may look and not make
LOOKS = ("GetAuthorizationToken", "DescribeRepositories", "DescribeImages")
SCOPE = re.compile(r"AWS4-HMAC-SHA256 Credential=(\w+)/\d{8}/([\w-]+)/ecr/aws4_request")
PATH = re.compile(r"/v2/(?P<repository>.+)/(?:blobs|manifests|tags|referrers)/(?P<rest>[^?]*)")
NOT_PASSED_ON = {"connection", "transfer-encoding", "content-length", "content-encoding", "host", "date", "server"}


@dataclass
class Ecr:
    """What a test may do to the service, and what it has seen."""

    host: str = ""
    registry: str = ""
    moto: str = ""
    tokens: dict[str, float] = field(default_factory=dict)  # token -> when it ends
    calls: list[str] = field(default_factory=list)
    throttled: int = 0  # so many calls of the API are still turned away
    referrers: dict[tuple[str, str], list[dict]] = field(default_factory=dict)  # (repository, digest) -> descriptors
    lock: threading.Lock = field(default_factory=threading.Lock)
    pool: urllib3.PoolManager = field(default_factory=urllib3.PoolManager)

    @cached_property
    def client(self) -> Any:
        """Of moto's API itself. To make one takes longer than any of its calls."""
        return boto3.client("ecr", region_name=REGION, endpoint_url=self.moto, **KEYS)

    def ask(self, method: str, url: str, body: bytes, headers: dict[str, str]) -> urllib3.BaseHTTPResponse:
        """The answer of the registry or of moto, over a connection that stays open."""
        return self.pool.request(
            method, url, body=body or None, headers=headers, redirect=False, retries=False, timeout=60
        )

    def end_tokens(self) -> None:
        """As after twelve hours."""
        self.tokens = dict.fromkeys(self.tokens, 0.0)

    def repository(self, name: str) -> Repository | None:
        """What moto, which runs in this process, keeps of it: every request for an image looks."""
        return ecr_backends[ACCOUNT][REGION].repositories.get(name)

    def lifecycle(self, name: str) -> dict:
        return json.loads(self.client.get_lifecycle_policy(repositoryName=name)["lifecyclePolicyText"])

    def make(self, name: str, mutability: str, filters: Sequence[str] = ()) -> None:
        """A repository that somebody made by hand."""
        excluded = [{"filterType": "WILDCARD", "filter": pattern} for pattern in filters]
        more = {"imageTagMutabilityExclusionFilters": excluded} if excluded else {}
        self.client.create_repository(repositoryName=name, imageTagMutability=mutability, **more)


KEYS = {"aws_access_key_id": BUILDER, "aws_secret_access_key": "secret"}


@contextlib.contextmanager
def ecr(registry: str) -> Iterator[Ecr]:
    """The service, with its images in `registry` (HOST:PORT)."""
    moto = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    moto.start()
    try:
        address = "http://{}:{}".format(*moto.get_host_and_port())
        with urllib3.PoolManager(maxsize=8) as pool:
            service = Ecr(registry=f"http://{registry}", moto=address, pool=pool)
            with serving(type("Handler", (Handler,), {"service": service})) as service.host:
                yield service
    finally:
        moto.stop()


class Handler(http.server.BaseHTTPRequestHandler):
    """Images under /v2/, the API everywhere else."""

    protocol_version = "HTTP/1.1"
    service: Ecr

    def log_message(self, *_) -> None:
        pass

    def answer(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        if self.path.startswith("/v2/"):
            self._images(body)
        else:
            self._api(body)

    do_GET = do_HEAD = do_POST = do_PUT = do_PATCH = do_DELETE = answer

    # images

    def _images(self, body: bytes) -> None:
        token = self.headers.get("Authorization", "").removeprefix("Basic ")
        if self.service.tokens.get(token, 0.0) < time.time():
            challenge = {"WWW-Authenticate": f'Basic realm="https://{self.service.host}/",service="ecr.amazonaws.com"'}
            return self._error(401, "UNAUTHORIZED", "Your authorization token has expired.", challenge)
        match = PATH.match(self.path)
        if match is None:
            return self._pass_on(body)
        repository = self.service.repository(match["repository"])
        if repository is None:
            return self._error(404, "NAME_UNKNOWN", f"The repository '{match['repository']}' does not exist")
        if self.command == "GET" and "/referrers/" in self.path:
            listed = self.service.referrers.get((match["repository"], match["rest"]), [])
            index = dump({"schemaVersion": 2, "mediaType": INDEX, "manifests": listed})
            return self._send(200, index, {"Content-Type": INDEX, "Content-Length": str(len(index))})
        if self.command in ("GET", "HEAD"):
            return self._pass_on(body)
        # One write at a time: the service decides alone whose tag it is, and while the registry takes a blob once more,
        # it does not know it.
        with self.service.lock:
            if "/manifests/" not in self.path:
                return self._pass_on(body)
            if repository.is_tag_immutable() and self._moves(match["rest"], body):
                message = f"The image tag '{match['rest']}' already exists and cannot be overwritten: it is immutable"
                return self._error(400, "TAG_INVALID", message)
            return self._pass_on(body, self._refers(match["repository"], body))

    def _moves(self, reference: str, manifest: bytes) -> bool:
        if reference.startswith("sha256:"):
            return False
        accept = {"Accept": ", ".join((MANIFEST, DOCKER_MANIFEST, INDEX))}
        existing = self.service.ask("HEAD", self.service.registry + self.path, b"", accept)
        return existing.status == 200 and existing.headers["Docker-Content-Digest"] != digest_of(manifest)

    def _refers(self, repository: str, manifest: bytes) -> dict[str, str]:
        """Remembers what names a subject, and tells the client so."""
        named = json.loads(manifest)
        if "subject" not in named:
            return {}
        subject = named["subject"]["digest"]
        entry = {"mediaType": MANIFEST, "digest": digest_of(manifest), "size": len(manifest)}
        listed = self.service.referrers.setdefault((repository, subject), [])
        if entry["digest"] not in [listed_entry["digest"] for listed_entry in listed]:
            listed.append({**entry, "artifactType": named["artifactType"]})
        return {"OCI-Subject": subject}

    def _pass_on(self, body: bytes, more: dict[str, str] | None = None) -> None:
        headers = {name: value for name, value in self.headers.items() if name.lower() not in NOT_PASSED_ON}
        headers.pop("Authorization", None)
        url = self.service.registry + self.path
        answer = self.service.ask(self.command, url, body, headers)
        head = {name: value for name, value in answer.headers.items() if name.lower() not in NOT_PASSED_ON}
        head = {
            name: value.replace(self.service.registry, f"http://{self.service.host}") for name, value in head.items()
        }
        length = answer.headers.get("Content-Length", "0") if self.command == "HEAD" else str(len(answer.data))
        self._send(answer.status, answer.data, {**head, "Content-Length": length, **(more or {})})

    def _error(self, status: int, code: str, message: str, head: dict[str, str] | None = None) -> None:
        body = json.dumps({"errors": [{"code": code, "message": message}]}).encode()
        self._send(status, body, {"Content-Length": str(len(body)), **(head or {})})

    # the API

    def _api(self, body: bytes) -> None:
        operation = self.headers.get("X-Amz-Target", "").rpartition(".")[2]
        self.service.calls.append(operation)
        signed = SCOPE.match(self.headers.get("Authorization", ""))
        if signed is None:
            return self._exception("MissingAuthenticationTokenException", "Missing Authentication Token")
        if signed[1] not in (BUILDER, READER):
            return self._exception("UnrecognizedClientException", "The security token in the request is invalid.")
        if signed[2] != REGION:
            return self._exception("InvalidSignatureException", f"Credential should be scoped to {REGION}")
        if self.service.throttled > 0:
            self.service.throttled -= 1
            return self._exception("ThrottlingException", "Rate exceeded")
        if signed[1] == READER and operation not in LOOKS:
            message = f"User: {READER} is not authorized to perform: ecr:{operation}"
            return self._exception("AccessDeniedException", message)
        if operation == "GetAuthorizationToken":
            return self._json(200, {"authorizationData": [self._token()]})
        answer = self.service.ask("POST", self.service.moto, body, dict(self.headers.items()))
        address = re.sub(r"\d{12}\.dkr\.ecr\.[\w-]+\.amazonaws\.com", self.service.host, answer.data.decode())
        return self._json(answer.status, json.loads(address or "{}"))

    def _token(self) -> dict:
        token = base64.b64encode(f"AWS:{secrets.token_hex(16)}".encode()).decode()
        self.service.tokens[token] = ends = time.time() + 12 * 3600
        return {"authorizationToken": token, "expiresAt": ends, "proxyEndpoint": f"https://{self.service.host}"}

    def _exception(self, kind: str, message: str) -> None:
        self._json(400, {"__type": kind, "message": message})

    def _json(self, status: int, value: dict) -> None:
        body = json.dumps(value).encode()
        self._send(status, body, {"Content-Type": "application/x-amz-json-1.1", "Content-Length": str(len(body))})

    def _send(self, status: int, body: bytes, head: dict[str, str]) -> None:
        self.send_response(status)
        for name, value in head.items():
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)
