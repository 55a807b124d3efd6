"""One repository of a registry: its manifests, blobs and tags.

Every request is repeated while what keeps it from succeeding may pass (trouble.py); an upload starts from its
beginning, so a half blob is never continued. Bytes are streamed: memory does not grow with the model.
"""

import base64
import hashlib
import re
import time
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass
from typing import Any, BinaryIO, ClassVar, TypeVar
from urllib.parse import quote, urljoin

import requests
import urllib3

from build.oci.credentials import Login
from build.oci.deadline import Overdue, WatchedAdapter, chunks_within, read_within
from build.oci.image import DIGEST, DOCKER_INDEX, DOCKER_MANIFEST, INDEX, MANIFEST, Blob, digest_of, parsed
from build.oci.redact import redacted
from build.oci.reference import is_loopback
from build.oci.responses import WORDS, descriptors, errors, reason, tag_names, token
from build.oci.retry import BUSY, RetryableError, RetryPolicy, retry_after, root_cause, why
from model.errors import KamadoError, OutputError, Problem

Done = TypeVar("Done")
ACCEPT = ", ".join((INDEX, DOCKER_INDEX, MANIFEST, DOCKER_MANIFEST))
GREATEST = 8 << 20  # bytes of a manifest
GREATEST_LIST = 128 << 20  # of all pages of tags: a million of them
GREATEST_ERROR = 64 << 10  # of what comes with a refusal
CHUNK = 1 << 20
LENGTH = re.compile(r"[0-9]{1,18}")  # of a Content-Length; more digits are no size, and int() may refuse them
SECONDS_TO_CONNECT = 10
DEFAULT = RetryPolicy()


class RegistryError(KamadoError):
    """The registry cannot be reached, or does not do what was asked."""

    heading: ClassVar[str] = "the registry refused"


@dataclass(frozen=True)
class Found:
    """A manifest as the registry holds it."""

    data: bytes
    media_type: str

    @property
    def digest(self) -> str:
        return digest_of(self.data)


@dataclass(frozen=True)
class Answer:
    """A small answer, read whole: `head` has its status, headers and links, `body` its bytes."""

    head: requests.Response
    body: bytes


class Client:
    """`host/repository`. Every method raises RegistryError when patience ends or the answer is a refusal."""

    def __init__(self, host: str, repository: str, *, login: Login, patience: RetryPolicy = DEFAULT) -> None:
        self.host, self.repository = host, repository
        self.name = f"{host}/{repository}"
        self.root = f"{'http' if is_loopback(host) else 'https'}://{host}/v2/"
        self.login, self.patience = login, patience
        self.timeout = (SECONDS_TO_CONNECT, patience.answer)
        self.authorization: str | None = None
        self.session = requests.Session()
        self.session.auth = _leave  # a ~/.netrc would take the place of the login
        for scheme in ("http://", "https://"):
            self.session.mount(scheme, WatchedAdapter(patience.whole))
        self._not_mounted_from: set[str] = set()  # repositories from which a mount was refused

    # manifests and tags

    def manifest(self, reference: str) -> Found | None:
        """The manifest or index under a tag or digest. Its bytes are what a digest says, or it is refused."""
        answer = self._get(f"manifests/{reference}", {"Accept": ACCEPT}, ok=(200, 404))
        if answer.head.status_code == 404:
            return None
        self._parsed(answer)
        found = Found(answer.body, answer.head.headers.get("Content-Type", "").partition(";")[0].strip())
        if ":" in reference and found.digest != reference:
            raise self._refused(f"sends {found.digest} for {reference}", "registry-digest")
        return found

    def digest(self, name: str) -> str | None:
        """What a tag names, or None; of a digest, itself when it is here."""
        return self._patiently(lambda: self._digest(name))

    def _digest(self, name: str) -> str | None:
        answer = self._send("HEAD", f"manifests/{name}", {"Accept": ACCEPT}, ok=(200, 404))
        if answer.status_code == 404:
            return None
        told = answer.headers.get("Docker-Content-Digest", "")
        if not DIGEST.fullmatch(told):  # the header is no more than recommended
            found = self.manifest(name)
            return found.digest if found else None
        if ":" in name and told != name:
            raise self._refused(f"has {told} for {name}", "registry-digest")
        return told

    def put_if_free(self, tag: str, data: bytes, media_type: str) -> None:
        """Write a tag that nobody has. Each attempt looks first: another may have taken it while this one waited."""

        def work() -> None:
            if self._digest(tag) is None:
                headers = {"Content-Type": media_type}
                self._send("PUT", f"manifests/{tag}", headers, body=lambda: data, ok=(201,))

        self._patiently(work)

    def put(self, reference: str, data: bytes, media_type: str) -> requests.Response:
        """Write a manifest under a tag, or under its own digest. Its blobs must be there."""
        return self._ask("PUT", f"manifests/{reference}", {"Content-Type": media_type}, body=lambda: data, ok=(201,))

    def tags(self) -> list[str]:
        """Every tag, page by page; none when the repository is not there yet."""
        tags: list[str] = []
        page: str | None = "tags/list?n=1000"
        seen: set[str] = set()
        size = 0
        ends = time.monotonic() + self.patience.listing
        while page:
            if page in seen:
                raise self._refused(f"lists its tags in a circle, at {page}", "registry-answer")
            if len(seen) == self.patience.pages or size > GREATEST_LIST or time.monotonic() > ends:
                found = f"lists its tags without end: {len(tags)} on {len(seen)} pages so far"
                raise self._refused(found, "registry-slow")
            seen.add(page)
            answer = self._get(page, {}, ok=(200, 404))
            if answer.head.status_code == 404:
                break
            size += len(answer.body)
            tags += self._typed(tag_names, answer)
            following = answer.head.links.get("next", {}).get("url")
            page = urljoin(answer.head.url, following) if following else None
        return tags

    def referrers(self, digest: str) -> list[dict[str, Any]] | None:
        """Descriptors of what refers to this manifest; None where the registry has no such list."""
        answer = self._get(f"referrers/{digest}", {"Accept": INDEX}, ok=(200, 404, 400, 405))
        if answer.head.status_code != 200 or INDEX not in answer.head.headers.get("Content-Type", ""):
            return None
        return self._typed(descriptors, answer)

    # blobs

    def size(self, digest: str) -> int | None:
        """Bytes of a blob that is there, or None."""
        answer = self._ask("HEAD", f"blobs/{digest}", ok=(200, 404))
        if answer.status_code == 404:
            return None
        told = answer.headers.get("Docker-Content-Digest", digest)
        if told != digest:
            raise self._refused(f"has {told} for {digest}", "registry-digest")
        length = answer.headers.get("Content-Length", "")
        return int(length) if LENGTH.fullmatch(length) else -1

    def stream(self, digest: str) -> Iterator[bytes]:
        """The bytes of a blob, once; whoever reads them compares the digest. What breaks off is gone on with."""
        sent = 0
        for attempt in range(1, self.patience.attempts + 1):
            try:
                for data in self._rest(digest, sent):
                    sent += len(data)
                    yield data
                return
            except requests.RequestException as error:
                if attempt == self.patience.attempts:
                    told = f"broke off while sending {digest} ({why(error)}), {attempt} times"
                    raise self._refused(told, "registry-unreachable") from error
            except Overdue as error:
                raise self._refused(f"{error} of {digest}", "registry-slow") from error
            self.patience.pause(attempt)

    def _rest(self, digest: str, start: int) -> Iterator[bytes]:
        headers = {"Range": f"bytes={start}-"} if start else {}
        with closing(self._ask("GET", f"blobs/{digest}", headers, ok=(200, 206), stream=True)) as answer:
            known = start if answer.status_code == 200 else 0  # a registry may begin from the beginning
            for data in chunks_within(self.patience.whole, answer, CHUNK):
                yield data[known:]
                known = max(0, known - len(data))

    def upload(self, blob: Blob) -> bool:
        """Bring a blob into this repository: it is there, is mounted from its origin, or is sent. True = sent."""
        return self._patiently(lambda: self._upload(blob))

    def _upload(self, blob: Blob) -> bool:
        if self._send("HEAD", f"blobs/{blob.digest}", ok=(200, 404)).status_code == 200:
            return False
        begun = self._mount(blob) or self._send("POST", "blobs/uploads/", ok=(202,))
        if begun.status_code == 201:  # only a mount is done at once
            return False
        if "Location" not in begun.headers:
            raise self._refused("begins an upload and does not say where", "registry-answer")
        where = urljoin(begun.url, begun.headers["Location"])
        where += f"{'&' if '?' in where else '?'}digest={quote(blob.digest)}"
        headers = {"Content-Type": "application/octet-stream"}
        self._send("PUT", where, headers, body=lambda: Body(blob), ok=(201,))
        return True

    def _mount(self, blob: Blob) -> requests.Response | None:
        """201 for a blob that was taken from its origin, 202 for an upload that was begun in place of that.

        None where nothing was begun: the blob has no origin in this registry, or the registry refuses to mount from
        there. Who may write here may not be allowed to read there, and some registries know no mounts; either is a
        reason to send the blob, and none to fail.
        """
        host, _, repository = (blob.origin or "").partition("/")
        if host != self.host or repository in (self.repository, *self._not_mounted_from):
            return None
        path = f"blobs/uploads/?mount={quote(blob.digest)}&from={quote(repository)}"
        try:
            answer = self._send("POST", path, ok=(201, 202))
        except RegistryError:
            self._not_mounted_from.add(repository)
            return None
        except RetryableError:
            self._not_mounted_from.add(repository)  # another attempt begins without it
            raise
        return answer if answer.status_code == 201 or "Location" in answer.headers else None

    # requests

    def _get(self, path: str, headers: Mapping[str, str], *, ok: Collection[int]) -> Answer:
        """Read within the attempt: an answer that breaks off is asked for again."""

        def work() -> Answer:
            answer = self._send("GET", path, headers, ok=ok, stream=True)
            content = self._read(answer, GREATEST + 1, f"sending {path}")
            if len(content) > GREATEST:
                raise self._refused(f"sends more than {GREATEST >> 20} MB for {path}", "registry-answer")
            declared = answer.headers.get("Content-Length")
            if "Content-Encoding" not in answer.headers and declared not in (None, str(len(content))):
                raise RetryableError(f"broke off while sending {path}")
            return Answer(answer, content)

        return self._patiently(work)

    def _read(self, answer: requests.Response, most: int, doing: str) -> bytes:
        """The first bytes of an answer that is streamed. Raises Passing, RegistryError when they never end."""
        try:
            return read_within(self.patience.whole, answer, most)
        except urllib3.exceptions.HTTPError as error:
            raise RetryableError(f"broke off while {doing} ({why(error)})") from error
        except Overdue as error:
            raise self._refused(f"{error} with {doing}", "registry-slow") from error

    def _said(self, answer: requests.Response, most: int = GREATEST_ERROR) -> str:
        """What comes with an answer, as text. It is then done with, however much more it would send."""
        with closing(answer):
            data = self._read(answer, most, f"answering {answer.status_code}")
        return data.decode(errors="replace").strip()

    def _parsed(self, answer: Answer) -> dict[str, Any]:
        try:
            return parsed(answer.body)
        except ValueError:
            told = f"sends something that is not a JSON object: {answer.body[:80]!r}"
            raise self._refused(told, "registry-answer") from None

    def _typed(self, read: Callable[[dict[str, Any]], Done], answer: Answer) -> Done:
        try:
            return read(self._parsed(answer))
        except ValueError as error:
            raise self._refused(f"sends {error}: {answer.body[:80]!r}", "registry-answer") from None

    def _ask(
        self,
        method: str,
        path: str,
        headers: Mapping[str, str] | None = None,
        *,
        ok: Collection[int],
        body: "Callable[[], bytes | Body] | None" = None,
        stream: bool = False,
    ) -> requests.Response:
        return self._patiently(lambda: self._send(method, path, headers, body=body, ok=ok, stream=stream))

    def _patiently(self, work: Callable[[], Done]) -> Done:
        try:
            return self.patience.until_done(work)
        except RetryableError as trouble:
            raise self._refused(f"{trouble}, {self.patience.attempts} times", "registry-unreachable") from trouble

    def _send(
        self,
        method: str,
        path: str,
        headers: Mapping[str, str] | None = None,
        *,
        ok: Collection[int],
        body: "Callable[[], bytes | Body] | None" = None,
        stream: bool = False,
    ) -> requests.Response:
        """One attempt, logged in as the registry asks for it."""
        url = path if "://" in path else f"{self.root}{self.repository}/{path}"
        answer = self._once(method, url, headers, body)
        if answer.status_code == 401:
            said = self._said(answer)
            # Whom a registry sends us on to, for a blob or an upload, is not asked who he wants to know.
            ours = answer.url.startswith(self.root)
            if not ours or not self._log_in(answer.headers.get("WWW-Authenticate", "")):
                raise self._refused(f"answered 401 to {method} {path}: {reason(said)}", "registry-denied")
            answer = self._once(method, url, headers, body)
        if answer.status_code not in ok:
            raise self._refusal(answer, f"{method} {path}")
        if not stream:
            self._said(answer, WORDS)
        return answer

    def _refusal(self, answer: requests.Response, doing: str) -> Exception:
        """Passing for an answer that another attempt may better, else RegistryError, with the registry's reason."""
        status, said = answer.status_code, self._said(answer)
        codes = {error.code for error in errors(said)}
        found = f"answered {status} to {doing}: {reason(said)}"
        if status in BUSY or "TOOMANYREQUESTS" in codes:
            return RetryableError(found, retry_after(answer.headers.get("Retry-After", "")))
        denied = status in (401, 403) or codes & {"DENIED", "UNAUTHORIZED"}
        return self._refused(found, "registry-denied" if denied else "registry-answer")

    def _once(
        self,
        method: str,
        url: str,
        headers: Mapping[str, str] | None,
        body: "Callable[[], bytes | Body] | None",
    ) -> requests.Response:
        sent = dict(headers or {})
        if self.authorization and url.startswith(self.root):  # an upload may be elsewhere, with a key of its own
            sent["Authorization"] = self.authorization
        try:
            data: Any = body() if body else None
            return self.session.request(method, url, headers=sent, data=data, stream=True, timeout=self.timeout)
        except requests.RequestException as error:
            self._refuse_overdue(error)
            raise RetryableError(f"cannot be reached ({why(error)})") from error

    def _refuse_overdue(self, error: requests.RequestException) -> None:
        """An answer that comes a byte at a time would come so again."""
        if isinstance(root_cause(error), Overdue):
            raise self._refused(why(error), "registry-slow") from error

    def _log_in(self, challenge: str) -> bool:
        """Basic sends the login itself, Bearer exchanges it, or nothing, for a token. False when there is no way."""
        scheme, _, rest = challenge.partition(" ")
        if scheme.lower() == "basic":
            credentials = self.login.credentials(renew=self.authorization is not None)
            if credentials is None:
                return False
            self.authorization = _basic(*credentials)
            return True
        asked = dict(re.findall(r'(\w+)="([^"]*)"', rest))
        if scheme.lower() != "bearer" or "realm" not in asked:
            return False
        wanted = {key: asked[key] for key in ("service", "scope") if key in asked}
        realm = asked["realm"]
        if not realm.startswith("https://") and not is_loopback(self.host):
            raise self._refused(f"wants the login sent to {realm}, in the clear", "registry-denied")
        credentials = self.login.credentials(renew=False)
        try:
            answer = self.session.get(
                realm,
                params=wanted,
                auth=credentials or _leave,
                stream=True,
                timeout=self.timeout,
                allow_redirects=credentials is None,
            )
        except requests.RequestException as error:
            self._refuse_overdue(error)
            raise RetryableError(f"wants a token of {realm}, which cannot be reached ({why(error)})") from error
        if answer.status_code != 200:
            raise self._refusal(answer, f"the request for a token at {realm}")
        try:
            given = token(parsed(self._said(answer, GREATEST).encode()))
        except ValueError:
            return False
        if given:
            self.authorization = f"Bearer {given}"
        return given is not None

    def _refused(self, found: str, code: str) -> RegistryError:
        away = code in ("registry-unreachable", "registry-slow")
        hint = "Try again when it answers" if away else "Check the name and `docker login`"
        return RegistryError(Problem(f"registry {self.name}", redacted(found), hint, code))


def _basic(user: str, password: str) -> str:
    return f"Basic {base64.b64encode(f'{user}:{password}'.encode()).decode()}"


def _leave(request: requests.PreparedRequest) -> requests.PreparedRequest:
    return request


class Body:
    """A blob as a request's body, hashed on its way: of wrong content the last piece is never sent."""

    def __init__(self, blob: Blob) -> None:
        self.blob = blob
        self.source: BinaryIO = blob.open()
        self.sha256 = hashlib.sha256()
        self.sent = 0

    def __len__(self) -> int:
        return self.blob.size

    def read(self, _: int = CHUNK) -> bytes:
        data = self.source.read(CHUNK) if self.sent < self.blob.size else b""
        if not data and self.sent == self.blob.size:
            return self._end()
        self.sha256.update(data)
        self.sent += len(data)
        ended = not data or self.sent >= self.blob.size
        if ended and (self.sent, f"sha256:{self.sha256.hexdigest()}") != (self.blob.size, self.blob.digest):
            self.source.close()
            hint = "Nothing was tagged. Build again; if it stays, the base in its registry or cache is damaged"
            raise OutputError(Problem(f"blob {self.blob.digest}", "does not match its digest", hint, "blob-digest"))
        return data

    def _end(self) -> bytes:
        self.source.close()
        return b""

    def __iter__(self) -> Iterator[bytes]:  # requests streams what can be iterated
        while data := self.read():
            yield data
