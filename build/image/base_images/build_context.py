"""What the engine is given for each image: the files that its Dockerfile names, from this checkout, and no other."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from build.image.base.source_layer import HOME, ROOT, code, rooms
from build.image.base.wheels import LOCK, locked
from build.image.base_images.pip_config import pip_settings
from build.oci.layer import Entry

HERE = Path(__file__).parent
WHOLE_LOCK = ROOT / "requirements.txt"
STEPS = ("model", "components", "pipelines", "build", "serving")
PROXIES = ("http_proxy", "https_proxy", "no_proxy", "HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY")  # no history keeps these


@dataclass(frozen=True)
class Recipe:
    """An image: its name, the files of its context, the arguments of its build beside the Python."""

    name: str
    files: list[Entry]
    arguments: dict[str, str]


def recipes(environ: Mapping[str, str], *, commit: str | None) -> list[Recipe]:
    """The server's and the steps'. The steps have all rooms, so that one can make an image as this checkout does."""
    proxies = {name: environ[name] for name in PROXIES if name in environ}
    settings = list(pip_settings(environ))
    lock = Entry(f"{HOME}/{WHOLE_LOCK.name}", 0o644, data=WHOLE_LOCK)
    return [
        Recipe(
            "server",
            [*_ground("server", LOCK), *settings, *code()],
            {**proxies, "XGBOOST": locked("xgboost-cpu")},
        ),
        Recipe(
            "component",
            [*_ground("component", WHOLE_LOCK), *settings, *_environment(), lock, *rooms(STEPS)],
            {**proxies, "COMMIT": commit or ""},
        ),
    ]


def _ground(name: str, lock: Path) -> list[Entry]:
    dockerfile = Entry("Dockerfile", 0o644, data=HERE / name / "Dockerfile")
    return [dockerfile, Entry("requirements.txt", 0o644, data=lock)]


def _environment() -> Iterator[Entry]:
    """The command that installs the lock, alone: a change of another file leaves the layer of libraries as it is."""
    yield Entry("environment/build/__init__.py", 0o644, data=ROOT / "build" / "__init__.py")
    for path in sorted((ROOT / "build" / "environment").glob("[!.]*.*")):
        yield Entry(f"environment/build/environment/{path.name}", 0o644, data=path)
