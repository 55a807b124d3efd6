"""One repository of a registry: its manifests, blobs and tags, as the distribution specification has them.

Every request is repeated while its error may pass (retry.py); an upload starts from its beginning, so a half blob is
never continued.
"""

import re
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from urllib.parse import quote, urljoin

import requests

from build.oci.credentials import Login
from build.oci.deadline import Overdue, chunks_within
from build.oci.image import DIGEST, DOCKER_INDEX, DOCKER_MANIFEST, INDEX, MANIFEST, Blob, digest_of, parsed
from build.oci.json_documents import Descriptor, Index
from build.oci.registry_session import DEFAULT, RegistryError, RegistryResponse, RegistrySession
from build.oci.responses import tag_names
from build.oci.retry import Result, RetryableError, RetryPolicy, cause
from build.oci.upload_body import UploadBody

ACCEPT = {"Accept": ", ".join((INDEX, DOCKER_INDEX, MANIFEST, DOCKER_MANIFEST))}
CHUNK = 1 << 20
LENGTH = re.compile(r"[0-9]{1,18}")  # of a Content-Length; more digits are no size, and int() may refuse them


@dataclass(frozen=True)
class StoredManifest:
    """A manifest as the registry has it."""

    data: bytes
    media_type: str

    @property
    def digest(self) -> str:
        return digest_of(self.data)


class RegistryClient:
    """`host/repository`. Every method raises RegistryError for a refusal, and when no attempt succeeds."""

    def __init__(self, host: str, repository: str, *, login: Login, policy: RetryPolicy = DEFAULT) -> None:
        self.http = RegistrySession(host, repository, login=login, policy=policy)
        self.host, self.repository, self.name = host, repository, self.http.name
        self._not_mounted_from: set[str] = set()  # repositories from which a mount was refused

    # manifests and tags

    def manifest(self, reference: str) -> StoredManifest | None:
        """The manifest or index under a tag or digest. Its bytes are what a digest says, or it is refused."""
        answer = self.http.get(f"manifests/{reference}", ACCEPT, ok=(200, 404))
        if answer.head.status_code == 404:
            return None
        header = answer.head.headers.get("Content-Type", "").partition(";")[0].strip()
        media_type = self._parse(parsed, answer).get("mediaType") or header
        manifest = StoredManifest(answer.body, str(media_type))
        if ":" in reference and manifest.digest != reference:
            raise self.http.error(f"sends {manifest.digest} for {reference}", "registry-digest")
        return manifest

    def resolve(self, name: str) -> str | None:
        """The digest that a tag names, or None; of a digest, itself when it is here."""
        return self.http.repeat(lambda: self._resolve(name))

    def _resolve(self, name: str) -> str | None:
        answer = self.http.send("HEAD", f"manifests/{name}", ACCEPT, ok=(200, 404))
        if answer.status_code == 404:
            return None
        digest = answer.headers.get("Docker-Content-Digest", "")
        if not DIGEST.fullmatch(digest):  # the header is no more than recommended
            manifest = self.manifest(name)
            return manifest.digest if manifest else None
        if ":" in name and digest != name:
            raise self.http.error(f"has {digest} for {name}", "registry-digest")
        return digest

    def put(self, reference: str, data: bytes, media_type: str) -> requests.Response:
        """Write a manifest under a tag, or under its own digest. Its blobs must be there."""
        headers = {"Content-Type": media_type}
        return self.http.request("PUT", f"manifests/{reference}", headers, body=lambda: data, ok=(201,))

    def put_if_free(self, tag: str, manifest: StoredManifest, *, replaces: str | None = None) -> None:
        """Write a tag that does not exist, or names `replaces`. Each attempt looks first: another builder may have
        taken it while this one waited."""

        def work() -> None:
            if self._resolve(tag) in (None, replaces):
                headers = {"Content-Type": manifest.media_type}
                self.http.send("PUT", f"manifests/{tag}", headers, body=lambda: manifest.data, ok=(201,))

        self.http.repeat(work)

    def tags(self) -> list[str]:
        """Every tag, page by page; none when the repository is not there yet."""
        tags: list[str] = []
        page: str | None = "tags/list?n=1000"
        seen: set[str] = set()
        size = 0
        policy = self.http.policy
        ends = time.monotonic() + policy.listing
        while page:
            if page in seen:
                raise self.http.error(f"lists its tags in a circle, at {page}", "registry-answer")
            if len(seen) == policy.pages or size > policy.list_bytes or time.monotonic() > ends:
                problem = f"lists its tags without end: {len(tags)} on {len(seen)} pages so far"
                raise self.http.error(problem, "registry-slow")
            seen.add(page)
            answer = self.http.get(page, {}, ok=(200, 404))
            if answer.head.status_code == 404:
                break
            size += len(answer.body)
            tags += self._parse(lambda body: tag_names(parsed(body)), answer)
            following = answer.head.links.get("next", {}).get("url")
            page = urljoin(answer.head.url, following) if following else None
        return tags

    def referrers(self, digest: str) -> list[Descriptor] | None:
        """Descriptors of what refers to this manifest; None where the registry has no such list."""
        answer = self.http.get(f"referrers/{digest}", {"Accept": INDEX}, ok=(200, 404, 400, 405))
        if answer.head.status_code != 200 or INDEX not in answer.head.headers.get("Content-Type", ""):
            return None
        return list(self._parse(Index.parse, answer).manifests)

    # blobs

    def size(self, digest: str) -> int | None:
        """Bytes of a blob that is there, or None."""
        answer = self.http.request("HEAD", f"blobs/{digest}", ok=(200, 404))
        if answer.status_code == 404:
            return None
        actual = answer.headers.get("Docker-Content-Digest", digest)
        if actual != digest:
            raise self.http.error(f"has {actual} for {digest}", "registry-digest")
        length = answer.headers.get("Content-Length", "")
        return int(length) if LENGTH.fullmatch(length) else -1

    def stream(self, digest: str) -> Iterator[bytes]:
        """The bytes of a blob, once; whoever reads them compares the digest. What breaks off is continued."""
        sent, policy = 0, self.http.policy
        for attempt in range(1, policy.attempts + 1):
            try:
                for data in self._rest(digest, sent):
                    sent += len(data)
                    yield data
                return
            except requests.RequestException as error:
                if attempt == policy.attempts:
                    problem = f"broke off while sending {digest} ({cause(error)}), {attempt} times"
                    raise self.http.error(problem, "registry-unreachable") from error
            except Overdue as error:
                raise self.http.error(f"{error} of {digest}", "registry-slow") from error
            time.sleep(policy.delay(attempt))

    def _rest(self, digest: str, start: int) -> Iterator[bytes]:
        headers = {"Range": f"bytes={start}-"} if start else {}
        with closing(self.http.request("GET", f"blobs/{digest}", headers, ok=(200, 206), stream=True)) as answer:
            known = start if answer.status_code == 200 else 0  # a registry may begin from the beginning
            for data in chunks_within(self.http.policy.total, answer, CHUNK):
                yield data[known:]
                known = max(0, known - len(data))

    def upload(self, blob: Blob) -> bool:
        """Bring a blob into this repository: it is there, is mounted from its origin, or is sent. True = sent."""
        return self.http.repeat(lambda: self._upload(blob))

    def _upload(self, blob: Blob) -> bool:
        if self.http.send("HEAD", f"blobs/{blob.digest}", ok=(200, 404)).status_code == 200:
            return False
        begun = self._mount(blob) or self.http.send("POST", "blobs/uploads/", ok=(202,))
        if begun.status_code == 201:  # only a mount is done at once
            return False
        if "Location" not in begun.headers:
            raise self.http.error("begins an upload and does not say where", "registry-answer")
        url = urljoin(begun.url, begun.headers["Location"])
        url += f"{'&' if '?' in url else '?'}digest={quote(blob.digest)}"
        headers = {"Content-Type": "application/octet-stream"}
        self.http.send("PUT", url, headers, body=lambda: UploadBody(blob), ok=(201,))
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
            answer = self.http.send("POST", path, ok=(201, 202))
        except RegistryError:
            self._not_mounted_from.add(repository)
            return None
        except RetryableError:
            self._not_mounted_from.add(repository)  # another attempt begins without it
            raise
        return answer if answer.status_code == 201 or "Location" in answer.headers else None

    def _parse(self, parse: Callable[[bytes], Result], answer: RegistryResponse) -> Result:
        try:
            return parse(answer.body)
        except ValueError as error:
            problem = f"sends something that {error}: {answer.body[:80]!r}"
            raise self.http.error(problem, "registry-answer") from None
