"""What may be set from outside, read once by `main()` and passed on as values."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from model.errors import KamadoError, Problems

EXAMPLE_BUNDLE = "out/bundle"
KUBERNETES = "Kubernetes sets this for a Service named kamado: set enableServiceLinks: false in the pod"


class SettingsError(KamadoError):
    """Carries every setting that is missing or unreadable."""

    heading = "the settings were refused"


@dataclass(frozen=True)
class Whole:
    """A whole number that may be set, and the range that makes sense."""

    variable: str
    default: int
    least: int
    most: int
    meaning: str

    def read(self, environ: Mapping[str, str], problems: Problems) -> int:
        text = environ.get(self.variable, "")
        example = f"Example: {self.variable}={self.default}"
        if not text:
            return self.default
        if text.startswith("tcp://"):
            problems.add(self.variable, f"is {text!r}", f"{KUBERNETES}. {example}")
        elif not (text.isascii() and text.isdecimal()):
            problems.add(self.variable, f"is {text!r}, not a whole number", example)
        elif len(text) > 12 or not self.least <= int(text) <= self.most:
            problems.add(self.variable, f"is {text}, outside {self.least} to {self.most}", example)
        else:
            return int(text)
        return self.default


PORT = Whole("KAMADO_PORT", 8080, 0, 65535, "port to listen on; 0 lets the system choose")
CONCURRENCY = Whole("KAMADO_CONCURRENCY", 16, 1, 10_000, "requests worked on at once; more are answered 503")
MAX_ROWS = Whole("KAMADO_MAX_ROWS", 5_000, 1, 1_000_000, "rows in one batch; more are answered 413")
MAX_BYTES = Whole("KAMADO_MAX_BYTES", 8_388_608, 1_000, 1_000_000_000, "bytes of one body; more are answered 413")
SECONDS = Whole("KAMADO_SECONDS", 10, 1, 600, "seconds for a request's head, and again for its body; then 408")
WHOLES = (PORT, CONCURRENCY, MAX_ROWS, MAX_BYTES, SECONDS)


@dataclass(frozen=True, kw_only=True)
class Limits:
    """What one server takes on."""

    concurrency: int = CONCURRENCY.default
    max_rows: int = MAX_ROWS.default
    max_bytes: int = MAX_BYTES.default
    seconds: int = SECONDS.default


@dataclass(frozen=True, kw_only=True)
class Settings:
    """All of them, with their values in force."""

    bundle: Path
    host: str
    port: int
    limits: Limits

    @classmethod
    def read(cls, environ: Mapping[str, str]) -> "Settings":
        """Raises SettingsError with every problem at once. A variable that is set to nothing counts as not set."""
        problems = Problems()
        bundle = environ.get("KAMADO_BUNDLE", "")
        if not bundle:
            hint = f"It names the folder of a trained model. Example: KAMADO_BUNDLE={EXAMPLE_BUNDLE}"
            problems.add("KAMADO_BUNDLE", "is not set", hint)
        port, concurrency, max_rows, max_bytes, seconds = (one.read(environ, problems) for one in WHOLES)
        problems.raise_if_any(SettingsError)
        return cls(
            bundle=Path(bundle),
            host=environ.get("KAMADO_HOST") or "127.0.0.1",
            port=port,
            limits=Limits(concurrency=concurrency, max_rows=max_rows, max_bytes=max_bytes, seconds=seconds),
        )


def usage() -> str:
    """Every setting in a line of its own."""
    rows = [
        ("KAMADO_BUNDLE", f"folder of the trained model, for example {EXAMPLE_BUNDLE}"),
        ("KAMADO_HOST", "address to listen on (127.0.0.1); 0.0.0.0 is every address"),
        *((one.variable, f"{one.meaning} ({one.default})") for one in WHOLES),
    ]
    lines = "\n".join(f"  {name:<20} {meaning}" for name, meaning in rows)
    return f"python -m serving.server takes no arguments. It reads from the environment:\n{lines}"
