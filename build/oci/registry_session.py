"""HTTP with one registry: authenticated, repeated while an error may pass, and never without end.

Bytes are streamed: memory does not grow with the model.
"""

import base64
import re
from collections.abc import Callable, Collection, Mapping
from contextlib import closing
from dataclasses import dataclass
from typing import Any, ClassVar

import requests
import urllib3

from build.oci.credentials import Login
from build.oci.deadline import Overdue, WatchedAdapter, read_within
from build.oci.image import parsed
from build.oci.redact import redacted
from build.oci.reference import is_loopback
from build.oci.responses import WORDS, errors, reason, token
from build.oci.retry import BUSY, Result, RetryableError, RetryPolicy, cause, retry_after, root_cause
from build.oci.upload_body import UploadBody
from model.errors import KamadoError, Problem

RequestBody = Callable[[], bytes | UploadBody]  # made anew for each attempt
GREATEST = 8 << 20  # bytes of a manifest
GREATEST_ERROR = 64 << 10  # of what comes with a refusal
SECONDS_TO_CONNECT = 10
DEFAULT = RetryPolicy()


class RegistryError(KamadoError):
    """The registry cannot be reached, or does not do what was asked."""

    heading: ClassVar[str] = "registry error"
    final: ClassVar[bool] = False


@dataclass(frozen=True)
class RegistryResponse:
    """A small answer, complete: `head` has its status, headers and links, `body` its bytes."""

    head: requests.Response
    body: bytes


class RegistrySession:
    """Paths are relative to `host/v2/repository/`. Every method raises RegistryError for a refusal, and when no attempt
    of the policy succeeds."""

    def __init__(self, host: str, repository: str, *, login: Login, policy: RetryPolicy = DEFAULT) -> None:
        self.host, self.repository = host, repository
        self.name = f"{host}/{repository}"
        self.root = f"{'http' if is_loopback(host) else 'https'}://{host}/v2/"
        self.login, self.policy = login, policy
        self.authorization: str | None = None
        self._timeout = (SECONDS_TO_CONNECT, policy.answer)
        self._session = requests.Session()
        self._session.auth = _unchanged  # a ~/.netrc would take the place of the login
        for scheme in ("http://", "https://"):
            self._session.mount(scheme, WatchedAdapter(policy.total))

    def get(self, path: str, headers: Mapping[str, str], *, ok: Collection[int]) -> RegistryResponse:
        """Read within the attempt: an answer that breaks off is requested again."""

        def work() -> RegistryResponse:
            head = self.send("GET", path, headers, ok=ok, stream=True)
            body = self._read(head, GREATEST + 1, f"sending {path}")
            if len(body) > GREATEST:
                raise self.error(f"sends more than {GREATEST >> 20} MB for {path}", "registry-answer")
            declared = head.headers.get("Content-Length")
            if "Content-Encoding" not in head.headers and declared not in (None, str(len(body))):
                raise RetryableError(f"broke off while sending {path}")
            return RegistryResponse(head, body)

        return self.repeat(work)

    def request(
        self,
        method: str,
        path: str,
        headers: Mapping[str, str] | None = None,
        *,
        ok: Collection[int],
        body: RequestBody | None = None,
        stream: bool = False,
    ) -> requests.Response:
        return self.repeat(lambda: self.send(method, path, headers, body=body, ok=ok, stream=stream))

    def repeat(self, work: Callable[[], Result]) -> Result:
        """Do `work` until it raises no RetryableError, as often as the policy says."""
        try:
            return self.policy.until_done(work)
        except RetryableError as error:
            raise self.error(f"{error}, {self.policy.attempts} times", "registry-unreachable") from error

    def send(
        self,
        method: str,
        path: str,
        headers: Mapping[str, str] | None = None,
        *,
        ok: Collection[int],
        body: RequestBody | None = None,
        stream: bool = False,
    ) -> requests.Response:
        """One attempt, with a login if the registry requires one. Raises RetryableError."""
        url = path if "://" in path else f"{self.root}{self.repository}/{path}"
        answer = self._send_once(method, url, headers, body)
        if answer.status_code == 401:
            text = self._text(answer)
            # A host to which a registry redirects, for a blob or an upload, must not get the login.
            is_registry = answer.url.startswith(self.root)
            if not is_registry or not self._log_in(answer.headers.get("WWW-Authenticate", "")):
                raise self.error(f"answered 401 to {method} {path}: {reason(text)}", "registry-denied")
            answer = self._send_once(method, url, headers, body)
        if answer.status_code not in ok:
            raise self._refusal(answer, f"answered {answer.status_code} to {method} {path}")
        if not stream:
            self._text(answer, WORDS)
        return answer

    def error(self, problem: str, code: str) -> RegistryError:
        is_away = code in ("registry-unreachable", "registry-slow")
        hint = "Try again when it answers" if is_away else "Check the name and `docker login`"
        return RegistryError(Problem(f"registry {self.name}", redacted(problem), hint, code))

    def _read(self, answer: requests.Response, most: int, action: str) -> bytes:
        """The first bytes of a streamed answer. Raises RetryableError, and RegistryError when it never ends."""
        try:
            return read_within(self.policy.total, answer, most)
        except urllib3.exceptions.HTTPError as error:
            raise RetryableError(f"broke off while {action} ({cause(error)})") from error
        except Overdue as error:
            raise self.error(f"{error} with {action}", "registry-slow") from error

    def _text(self, answer: requests.Response, most: int = GREATEST_ERROR) -> str:
        """The body as text. The connection is closed, however much more would come."""
        with closing(answer):
            data = self._read(answer, most, f"answering {answer.status_code}")
        return data.decode(errors="replace").strip()

    def _refusal(self, answer: requests.Response, problem: str) -> Exception:
        """RetryableError for an answer that another attempt may better, else RegistryError, with the reason."""
        status, text = answer.status_code, self._text(answer)
        codes = {error.code for error in errors(text)}
        problem = f"{problem}: {reason(text)}"
        if status in BUSY or "TOOMANYREQUESTS" in codes:
            return RetryableError(problem, retry_after(answer.headers.get("Retry-After", "")))
        denied = status in (401, 403) or codes & {"DENIED", "UNAUTHORIZED"}
        return self.error(problem, "registry-denied" if denied else "registry-answer")

    def _send_once(
        self, method: str, url: str, headers: Mapping[str, str] | None, body: RequestBody | None
    ) -> requests.Response:
        all_headers = dict(headers or {})
        if self.authorization and url.startswith(self.root):  # an upload may be elsewhere, with a key of its own
            all_headers["Authorization"] = self.authorization
        try:
            data: Any = body() if body else None
            return self._session.request(
                method, url, headers=all_headers, data=data, stream=True, timeout=self._timeout
            )
        except requests.RequestException as error:
            self._raise_if_overdue(error)
            raise RetryableError(f"cannot be reached ({cause(error)})") from error

    def _raise_if_overdue(self, error: requests.RequestException) -> None:
        """An answer that comes a byte at a time would come so again."""
        if isinstance(root_cause(error), Overdue):
            raise self.error(cause(error), "registry-slow") from error

    def _log_in(self, challenge: str) -> bool:
        """Basic sends the login itself, Bearer exchanges it, or nothing, for a token. False when neither works."""
        scheme, _, rest = challenge.partition(" ")
        if scheme.lower() == "basic":
            credentials = self.login.credentials(renew=self.authorization is not None)
            if credentials is None:
                return False
            self.authorization = _basic(*credentials)
            return True
        parameters = dict(re.findall(r'(\w+)="([^"]*)"', rest))
        if scheme.lower() != "bearer" or "realm" not in parameters:
            return False
        bearer = self._token(parameters)
        if bearer:
            self.authorization = f"Bearer {bearer}"
        return bearer is not None

    def _token(self, challenge: Mapping[str, str]) -> str | None:
        """Of the token server that the registry names as `realm`; None when it sends none."""
        realm = challenge["realm"]
        if not realm.startswith("https://") and not is_loopback(self.host):
            raise self.error(f"wants the login sent to {realm} without encryption", "registry-denied")
        credentials = self.login.credentials(renew=False)
        try:
            answer = self._session.get(
                realm,
                params={key: challenge[key] for key in ("service", "scope") if key in challenge},
                auth=credentials or _unchanged,
                stream=True,
                timeout=self._timeout,
                allow_redirects=credentials is None,
            )
        except requests.RequestException as error:
            self._raise_if_overdue(error)
            raise RetryableError(f"wants a token of {realm}, which cannot be reached ({cause(error)})") from error
        if answer.status_code != 200:
            problem = f"the token request to {realm} was answered with {answer.status_code}"
            raise self._refusal(answer, problem)
        try:
            return token(parsed(self._text(answer, GREATEST).encode()))
        except ValueError:
            return None


def _basic(user: str, password: str) -> str:
    return f"Basic {base64.b64encode(f'{user}:{password}'.encode()).decode()}"


def _unchanged(request: requests.PreparedRequest) -> requests.PreparedRequest:
    return request
