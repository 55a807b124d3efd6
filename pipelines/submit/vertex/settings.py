"""Where Vertex AI Pipelines is, and who asks."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from model.errors import Problem, UsageError

EXAMPLES: Mapping[str, str] = {
    "VERTEX_PROJECT": "my-project",
    "VERTEX_LOCATION": "europe-west1",
    "VERTEX_ROOT": "gs://my-bucket/pipelines",
    "VERTEX_SERVICE_ACCOUNT": "pipelines@my-project.iam.gserviceaccount.com",
    "VERTEX_ENDPOINT": "https://europe-west1-aiplatform.googleapis.com",
    "VERTEX_TOKEN": "$(gcloud auth print-access-token)",
}
FORMS: Mapping[str, re.Pattern[str]] = {
    "VERTEX_PROJECT": re.compile(r"[a-z0-9][a-z0-9.:-]*[a-z0-9]"),
    "VERTEX_LOCATION": re.compile(r"[a-z]+(-[a-z]+)+[0-9]{1,2}"),
    "VERTEX_ROOT": re.compile(r"gs://[a-z0-9][a-z0-9._-]+[a-z0-9](/[^\s?#]*)?"),
    "VERTEX_SERVICE_ACCOUNT": re.compile(r"([^@\s]+@[^@\s]+\.gserviceaccount\.com)?"),
    "VERTEX_ENDPOINT": re.compile(r"(https?://[^\s/@?#]+)?"),
    "VERTEX_TOKEN": re.compile(r"[!-~]*"),
}
NEEDED = ("VERTEX_PROJECT", "VERTEX_LOCATION", "VERTEX_ROOT")


@dataclass(frozen=True)
class VertexSettings:
    """`root` is the gs:// folder of all artifacts, without a slash at its end. Without a service account the steps run
    as the project's default one; without a token the calls are made with Google's default credentials. An empty
    endpoint is the public one of the location."""

    project: str
    location: str
    root: str
    service_account: str = ""
    endpoint: str = ""
    token: str = field(default="", repr=False)

    @classmethod
    def read(cls, environ: Mapping[str, str]) -> "VertexSettings":
        """From the variables of EXAMPLES. Raises UsageError with every one that is missing or unreadable."""
        texts = {name: environ.get(name, "").strip() for name in FORMS}
        problems = [_problem(name, text) for name, text in texts.items() if not _is_fine(name, text)]
        if problems:
            raise UsageError(*problems)
        project, location, root, account, endpoint, token = texts.values()
        return cls(project, location, root.rstrip("/"), account, endpoint, token)

    @property
    def parent(self) -> str:
        return f"projects/{self.project}/locations/{self.location}"

    @property
    def address(self) -> str:
        return self.endpoint or f"https://{self.location}-aiplatform.googleapis.com"

    def link(self, kind: str, identifier: str) -> str:
        """The page of a `runs` or `schedules` entry in the Google Cloud console."""
        console = f"https://console.cloud.google.com/vertex-ai/locations/{self.location}/pipelines"
        return f"{console}/{kind}/{identifier}?project={self.project}"


def _is_fine(name: str, text: str) -> bool:
    return bool(FORMS[name].fullmatch(text)) and (bool(text) or name not in NEEDED)


def _problem(name: str, text: str) -> Problem:
    if not text:
        return Problem(name, "is not set", f"Set it, for example to {EXAMPLES[name]}", "vertex-setting-missing")
    shown = "has signs that a header cannot carry" if name == "VERTEX_TOKEN" else f"is {text!r}"
    return Problem(name, shown, f"Write it like {EXAMPLES[name]}", "vertex-setting")
