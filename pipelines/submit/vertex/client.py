"""Calls to Vertex AI, and what it means when they fail."""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cached_property
from itertools import islice
from typing import Any

from model.errors import Problem
from pipelines.submit.message import short
from pipelines.submit.service import SubmitError, UnreachableError
from pipelines.submit.vertex.settings import VertexSettings

SECONDS = 60.0  # to connect and to answer
MOST_ENTRIES = 2000  # of a list
LOG_IN = "Log in with `gcloud auth application-default login`, or set VERTEX_TOKEN; a token lasts for an hour"


class AbsentError(SubmitError):
    """There is nothing of this name."""


class VertexClient:
    """The generated client with credentials. Its import takes 1 to 4 s, so it is made when it is first used."""

    def __init__(self, settings: VertexSettings) -> None:
        self.settings = settings
        self._services = dict[str, object]()

    @cached_property
    def api(self) -> Any:
        """The module of the generated client."""
        from google.cloud import aiplatform_v1

        return aiplatform_v1

    def call(self, service: str, method: str, **fields: object) -> Any:
        """One call of a generated service, for example `PipelineServiceClient`, `get_pipeline_job`.

        Raises SubmitError.
        """
        with self._problems():
            return getattr(self._service(service), method)(request=fields, timeout=SECONDS, retry=None)

    def entries(self, service: str, method: str, **fields: object) -> Iterator[Any]:
        """Of a list of this project and location, page after page. Raises SubmitError."""
        with self._problems():
            pager = self.call(service, method, parent=self.settings.parent, **fields)
            yield from islice(pager, MOST_ENTRIES)

    def _service(self, name: str) -> Any:
        """One for all calls: each has a connection of its own."""
        from google.oauth2.credentials import Credentials

        if name not in self._services:
            token, options = self.settings.token, {"api_endpoint": self.settings.address}
            # google-auth has types for a part of its credentials only.
            credentials = Credentials(token) if token else None  # type: ignore[no-untyped-call]
            service = getattr(self.api, name)
            self._services[name] = service(credentials=credentials, transport="rest", client_options=options)
        return self._services[name]

    @contextmanager
    def _problems(self) -> Iterator[None]:
        import requests
        from google.api_core.exceptions import GoogleAPICallError
        from google.auth.exceptions import DefaultCredentialsError, RefreshError, TransportError

        try:
            yield
        except GoogleAPICallError as error:
            raise _refusal(self.settings, int(error.code or 500), short(error.message)) from error
        except (DefaultCredentialsError, RefreshError) as error:
            raise self._unauthorized(short(str(error))) from error
        except (requests.RequestException, TransportError) as error:
            problem = f"does not answer ({short(str(error))})"
            hint = "Look at VERTEX_LOCATION, and whether this machine reaches it"
            raise UnreachableError(Problem(self.settings.address, problem, hint, "vertex-unreachable")) from error

    def _unauthorized(self, message: str) -> SubmitError:
        """The token was refused and cannot be renewed, or there is none at all."""
        problem = "does not accept VERTEX_TOKEN" if self.settings.token else f"needs credentials ({message})"
        return SubmitError(Problem(self.settings.address, problem, LOG_IN, "vertex-unauthorized"))


def _refusal(settings: VertexSettings, status: int, message: str) -> SubmitError:
    if status == 401:
        return SubmitError(Problem(settings.address, f"does not accept you ({message})", LOG_IN, "vertex-unauthorized"))
    if status == 403:
        hint = (
            "Look at VERTEX_PROJECT. You need roles/aiplatform.user there, and roles/iam.serviceAccountUser on the"
            " service account of the steps"
        )
        where = f"project {settings.project}"
        return SubmitError(Problem(where, f"is not allowed ({message})", hint, "vertex-forbidden"))
    if status == 404:
        hint = "Look at the name, at VERTEX_PROJECT and at VERTEX_LOCATION: a run is in one location alone"
        return AbsentError(Problem(settings.parent, f"has no such thing ({message})", hint, "vertex-not-found"))
    if status == 409:
        hint = "Somebody did the same at this moment: look at kamado runs MODEL"
        return SubmitError(Problem(settings.parent, f"has it already ({message})", hint, "vertex-conflict"))
    if status >= 500 or status == 429:
        problem = f"answered {status} ({message})"
        return UnreachableError(Problem(settings.address, problem, "Try again in a minute", "vertex-unavailable"))
    problem = f"refused: {message}"
    return SubmitError(Problem(settings.parent, problem, "Change what the message names", "vertex-refused"))
