"""Calls to Kubeflow's API, and what it means when they fail."""

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import cached_property
from typing import Any, TypeVar
from urllib.parse import urlencode

from model.errors import Problem
from pipelines.submit.kubeflow.settings import KubeflowSettings
from pipelines.submit.message import short
from pipelines.submit.service import SubmitError, UnreachableError

SECONDS = (5.0, 60.0)  # to connect, and to answer
T = TypeVar("T")


class KubeflowClient:
    """The generated client with credentials. Its import takes 0.2 s, so it is made when it is first used."""

    def __init__(self, settings: KubeflowSettings) -> None:
        self.settings = settings

    @cached_property
    def api(self) -> Any:
        """The module of the generated client."""
        import kfp_server_api

        return kfp_server_api

    @cached_property
    def http(self) -> Any:
        settings = self.settings
        configuration = self.api.Configuration(host=settings.host)
        configuration.retries = False  # and no redirects, which lead to a login
        if settings.ca:
            configuration.ssl_ca_cert = settings.ca
        if settings.current_token:
            configuration.api_key_prefix["authorization"] = "Bearer"
            configuration.api_key["authorization"] = settings.current_token
            configuration.refresh_api_key_hook = _renew(settings)
        return self.api.ApiClient(configuration, cookie=settings.cookies or None)

    def call(self, service: str, method: str, *args: object, **options: object) -> Any:
        """One call of a generated service, for example `RunServiceApi`, `run_service_get_run`. Raises SubmitError."""
        function = getattr(getattr(self.api, service)(self.http), method)
        with self._problems():
            answer = function(
                *args, **{name: value for name, value in options.items() if value is not None}, _request_timeout=SECONDS
            )
            self._refuse_page(self.http.last_response.urllib3_response)
            return answer

    def get(self, path: str, query: Mapping[str, str]) -> bytes:
        """The JSON of a route that the generated client does not know. Raises SubmitError."""
        response = self._request("GET", f"{self.settings.host}{path}?{urlencode(query)}", None, {})
        data: bytes = response.data
        return data

    def post(self, url: str, body: bytes, headers: Mapping[str, str]) -> Any:
        """A request beside the REST API; urllib3's answer. Raises SubmitError."""
        return self._request("POST", url, body, headers)

    def _request(self, method: str, url: str, body: bytes | None, headers: Mapping[str, str]) -> Any:
        """With the same credentials as the generated client's."""
        headers = dict(headers)
        self.http.update_params_for_auth(headers, [], ["Bearer"])
        if self.settings.cookies:
            headers["Cookie"] = self.settings.cookies
        with self._problems():
            response = self.http.rest_client.pool_manager.request(
                method, url, body=body, headers=headers, timeout=SECONDS[1], redirect=False
            )
            if response.status != 200:
                raise self.api.ApiException(status=response.status, reason=response.reason)
            self._refuse_page(response)
            return response

    def pages(self, service: str, method: str, items: str, most: int, **options: object) -> Iterator[Any]:
        """The entries of a list, page after page, of at most `most` pages."""
        token = ""
        for _ in range(most):
            page = self.call(service, method, page_token=token, page_size=100, **options)
            yield from getattr(page, items) or ()
            token = page.next_page_token or ""
            if not token:
                return

    def _refuse_page(self, response: Any) -> None:
        """A proxy with a login answers with its page instead of JSON."""
        if "html" in (response.headers.get("content-type") or ""):
            raise self.api.ApiException(status=401, reason="it answers with a page to log in")

    @contextmanager
    def _problems(self) -> Iterator[None]:
        import urllib3

        host = self.settings.host
        try:
            yield
        except urllib3.exceptions.HTTPError as error:
            reason = getattr(error, "reason", None) or error
            hint = "Look at KFP_HOST, and whether this machine reaches it"
            problem = f"does not answer ({short(str(reason))})"
            raise UnreachableError(Problem(host, problem, hint, "kfp-unreachable")) from error
        except self.api.ApiException as error:
            raise _refusal(host, self.settings, error.status, _message(error)) from error


def _renew(settings: KubeflowSettings) -> Callable[[Any], None]:
    """Called before each request, with the configuration."""

    def renew(configuration: Any) -> None:
        configuration.api_key["authorization"] = settings.current_token

    return renew


class ConflictError(SubmitError):
    """Something of this name was made since it was looked for."""


def _refusal(host: str, settings: KubeflowSettings, status: int, message: str) -> SubmitError:
    if status in (301, 302, 303, 307, 308, 401):
        name = "the token" if settings.current_token else "KFP_COOKIES" if settings.cookies else ""
        means = f"does not accept {name}" if name else "requires a login"
        hint = "Log in again and set KFP_TOKEN or KFP_COOKIES; a token lasts for an hour or so"
        problem = f"{means} ({message})"
        return SubmitError(Problem(host, problem, hint, "kfp-unauthorized"))
    if status == 403:
        where = f"namespace {settings.namespace}" if settings.namespace else host
        hint = "Set KFP_NAMESPACE to a namespace of yours, or ask its owner for the role kubeflow-edit"
        return SubmitError(Problem(where, f"is not allowed ({message})", hint, "kfp-forbidden"))
    if status in (404, 405, 501):  # the last two: it does not serve this route
        hint = "Look at the name, and at KFP_HOST, which is the address of the UI with its path"
        return SubmitError(Problem(host, f"has no such thing ({message})", hint, "kfp-not-found"))
    if status == 409:
        return ConflictError(Problem(host, f"refused: {message}", "Submit again", "kfp-conflict"))
    if status >= 500 or status == 429:
        problem = f"answered {status} ({message})"
        return UnreachableError(Problem(host, problem, "Try again in a minute", "kfp-unavailable"))
    hint = "Change what the message names"
    if "namespace" in message and status == 400:
        hint = "Set KFP_NAMESPACE to yours where Kubeflow has several users; leave it empty where it has one"
    return SubmitError(Problem(host, f"refused: {message}", hint, "kfp-refused"))


def _message(error: Any) -> str:
    """What the server gives as its reason: JSON with `message`, or text."""
    if error.headers and "location" in error.headers:
        return short(f"it sends to {error.headers['location']}")
    try:
        document = json.loads(error.body or "")
        text = document.get("message") or document.get("error_message") or document.get("error")
    except (ValueError, AttributeError):
        text = error.body if error.body and "<" not in error.body else error.reason
    return short(str(text or error.status))


def absent(call: Callable[[], T]) -> T | None:
    """The call's answer, or None where the service has no such thing."""
    try:
        return call()
    except SubmitError as error:
        if [problem.code for problem in error.problems] == ["kfp-not-found"]:
            return None
        raise
