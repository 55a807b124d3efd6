"""What the engine gets for each image: the files that its Dockerfile names, from this checkout, and no others."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from build.image.base.source_layer import HOME, ROOT, code, packages
from build.image.base.wheels import LOCK
from build.image.base_images.pip_config import pip_settings
from build.oci.layer import TarEntry
from model.bundle import predictor
from model.version import CHANGELOG, version

FOLDER = Path(__file__).parent
STEPS_LOCK = FOLDER / "component" / "requirements.txt"
STEPS = ("model", "artifacts", "components", "pipelines", "build", "serving", "cli")
PROXIES = ("http_proxy", "https_proxy", "no_proxy", "HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY")  # no history keeps these


@dataclass(frozen=True)
class BuildContext:
    """An image: its name, the files of its context, the arguments of its build beside the Python."""

    name: str
    files: list[TarEntry]
    arguments: dict[str, str]


def build_contexts(environ: Mapping[str, str], kernel: TarEntry, *, commit: str | None) -> list[BuildContext]:
    """The server's and the steps', both with this library of the kernel."""
    return [server_context(environ, kernel), component_context(environ, kernel, commit=commit)]


def server_context(environ: Mapping[str, str], kernel: TarEntry) -> BuildContext:
    """What a model is laid on: its own lock, and the packages that a server imports."""
    files = [*_recipe("server", LOCK), *pip_settings(environ), *code(), kernel]
    return BuildContext("server", files, {**_proxies(environ), "XGBOOST": predictor.XGBOOST, "VERSION": version()})


def component_context(environ: Mapping[str, str], kernel: TarEntry, *, commit: str | None) -> BuildContext:
    """What every step runs in: its own lock, and our packages, so that one can build an image like this checkout."""
    changelog = TarEntry(f"{HOME}/{CHANGELOG.name}", 0o644, data=CHANGELOG)  # names the version
    recipe = _recipe("component", STEPS_LOCK)
    files = [*recipe, *pip_settings(environ), *_environment(), changelog, *packages(STEPS), kernel]
    return BuildContext("component", files, {**_proxies(environ), "COMMIT": commit or ""})


def _proxies(environ: Mapping[str, str]) -> dict[str, str]:
    return {name: environ[name] for name in PROXIES if name in environ}


def _recipe(name: str, lock: Path) -> list[TarEntry]:
    """What installs the libraries, and what compiles those that are imported."""
    folder = FOLDER / name
    paths = [folder / "Dockerfile", lock, folder / "imports.txt", FOLDER / "imported_files.py"]
    return [TarEntry(path.name, 0o644, data=path) for path in paths]


def _environment() -> Iterator[TarEntry]:
    """The command that installs the lock, alone: a change of another file leaves the layer of libraries as it is."""
    for name in ("__init__.py", "settings.py"):
        yield TarEntry(f"environment/build/{name}", 0o644, data=ROOT / "build" / name)
    for path in sorted((ROOT / "build" / "environment").glob("[!.]*.*")):
        yield TarEntry(f"environment/build/environment/{path.name}", 0o644, data=path)
