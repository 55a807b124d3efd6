"""Where Kubeflow Pipelines is, and who asks."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from model.errors import Problem, UsageError

POD = Path("/var/run/secrets")  # what Kubernetes mounts into a pod


@dataclass(frozen=True)
class KubeflowSettings:
    """`host` is the address of the UI, without a slash at its end. An empty namespace is that of a single-user
    installation. Of token, cookies and token_file, which Kubernetes renews, at most one is there."""

    host: str
    namespace: str = ""
    token: str = field(default="", repr=False)
    cookies: str = field(default="", repr=False)
    token_file: Path | None = None
    ca: str = ""

    @classmethod
    def read(cls, environ: Mapping[str, str], pod: Path = POD) -> "KubeflowSettings":
        """From KFP_HOST, KFP_NAMESPACE, KFP_TOKEN or KFP_COOKIES; in a pod of the cluster from its service account.

        Raises UsageError with every setting that is missing or unreadable.
        """
        host, problems = _host(environ.get("KFP_HOST", ""))
        token, cookies = environ.get("KFP_TOKEN", "").strip(), environ.get("KFP_COOKIES", "").strip()
        if token and cookies:
            problems.append(
                Problem("KFP_TOKEN and KFP_COOKIES", "cannot be used together", "Set one of them", "kfp-setting")
            )
        for name, text in {"KFP_TOKEN": token, "KFP_COOKIES": cookies}.items():
            if not text.isascii() or not text.isprintable():
                problem = "has signs that a header cannot carry"
                problems.append(Problem(name, problem, "Copy it again, as one line", "kfp-setting"))
        if problems:
            raise UsageError(*problems)
        file = Path(environ.get("KF_PIPELINES_SA_TOKEN_PATH") or pod / "kubeflow/pipelines/token")
        in_pod = not token and not cookies and file.is_file()
        namespace = environ.get("KFP_NAMESPACE", "")
        if in_pod and not namespace:
            namespace = _text(pod / "kubernetes.io/serviceaccount/namespace")
        return cls(host, namespace, token, cookies, file if in_pod else None, environ.get("SSL_CERT_FILE", ""))

    @property
    def current_token(self) -> str:
        return self.token or (_text(self.token_file) if self.token_file else "")

    @property
    def origin(self) -> str:
        """Scheme and host alone: ML Metadata is reached at the root."""
        parts = urlsplit(self.host)
        return f"{parts.scheme}://{parts.netloc}"


def _host(text: str) -> tuple[str, list[Problem]]:
    if not text:
        hint = "Set KFP_HOST to the address of Kubeflow's UI, for example https://kubeflow.example.org/pipeline"
        return "", [Problem("KFP_HOST", "is not set", hint, "kfp-host-missing")]
    host = (text if "://" in text else f"https://{text}").split("#")[0].rstrip("/")
    try:
        parts = urlsplit(host)
        fine = parts.scheme in ("http", "https") and bool(parts.hostname) and (parts.port is None or parts.port > 0)
        fine = fine and not parts.query and parts.username is None and " " not in host
    except ValueError:
        fine = False
    if not fine:
        hint = "Write it like https://kubeflow.example.org/pipeline"
        return "", [Problem("KFP_HOST", f"{text!r} is not an address", hint, "kfp-host-unreadable")]
    return host, []


def _text(path: Path) -> str:
    """Empty where there is no such file."""
    try:
        return path.read_text("utf-8").strip()
    except OSError:
        return ""
