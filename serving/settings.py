"""The settings of the server: read from the environment once, by `main()`, and passed on as values."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from model.errors import KamadoError, Problems
from serving.log import FORMATS

EXAMPLE_BUNDLE = "out/bundle"
KUBERNETES_HINT = "Kubernetes sets this for a Service named kamado: set enableServiceLinks: false in the pod"
MAX_DIGITS = 12


class SettingsError(KamadoError):
    """Carries every setting that is missing or invalid."""

    heading = "the settings were refused"


@dataclass(frozen=True)
class IntSetting:
    """A whole number, read from `variable`, and its inclusive range."""

    variable: str
    default: int
    minimum: int
    maximum: int
    description: str

    def read(self, environ: Mapping[str, str], problems: Problems) -> int:
        """The value in force; the default, with a problem added, where it is invalid."""
        text = environ.get(self.variable, "")
        example = f"Example: {self.variable}={self.default}"
        if not text:
            return self.default
        if text.startswith("tcp://"):
            problems.add(self.variable, f"is {text!r}", f"{KUBERNETES_HINT}. {example}", "setting-value")
        elif not (text.isascii() and text.isdecimal()):
            problems.add(self.variable, f"is {text!r}, not a whole number", example, "setting-value")
        elif len(text) > MAX_DIGITS or not self.minimum <= int(text) <= self.maximum:
            problems.add(
                self.variable, f"is {text}, outside {self.minimum} to {self.maximum}", example, "setting-value"
            )
        else:
            return int(text)
        return self.default


PORT = IntSetting("KAMADO_PORT", 8080, 0, 65535, "port to listen on; 0 lets the system choose")
CONCURRENCY = IntSetting("KAMADO_CONCURRENCY", 32, 1, 10_000, "concurrent requests; more are answered 503")
MAX_ROWS = IntSetting("KAMADO_MAX_ROWS", 5_000, 1, 1_000_000, "rows in one batch; more are answered 413")
MAX_BYTES = IntSetting("KAMADO_MAX_BYTES", 8_388_608, 1_000, 1_000_000_000, "bytes of one body; more are answered 413")
SECONDS = IntSetting("KAMADO_SECONDS", 10, 1, 600, "seconds for a request's head, and again for its body; then 408")
DRAIN_SECONDS = IntSetting(
    "KAMADO_DRAIN_SECONDS", 0, 0, 10, "seconds between SIGTERM, when it is not ready any more, and the stop"
)
INT_SETTINGS = (PORT, CONCURRENCY, MAX_ROWS, MAX_BYTES, SECONDS, DRAIN_SECONDS)
LOG = "KAMADO_LOG"
PREDICTION_LOG = "KAMADO_PREDICTION_LOG"
STDOUT = "stdout"


@dataclass(frozen=True, kw_only=True)
class ServerLimits:
    """How much one server accepts."""

    concurrency: int = CONCURRENCY.default
    max_rows: int = MAX_ROWS.default
    max_bytes: int = MAX_BYTES.default
    seconds: int = SECONDS.default


@dataclass(frozen=True, kw_only=True)
class Settings:
    """Every setting with the value in force."""

    bundle: Path
    host: str
    port: int
    limits: ServerLimits
    drain_seconds: int = DRAIN_SECONDS.default
    log: str = FORMATS[0]
    prediction_log: str = ""  # STDOUT or a folder; empty is none

    @classmethod
    def read(cls, environ: Mapping[str, str]) -> "Settings":
        """An empty variable counts as not set. Raises SettingsError with every problem at once."""
        problems = Problems()
        bundle = environ.get("KAMADO_BUNDLE", "")
        if not bundle:
            hint = f"It names the folder of a trained model. Example: KAMADO_BUNDLE={EXAMPLE_BUNDLE}"
            problems.add("KAMADO_BUNDLE", "is not set", hint, "setting-missing")
        numbers = {setting: setting.read(environ, problems) for setting in INT_SETTINGS}
        log = environ.get(LOG) or FORMATS[0]
        if log not in FORMATS:
            problems.add(LOG, f"is {log!r}", f"It is one of {', '.join(FORMATS)}", "setting-value")
        problems.raise_if_any(SettingsError)
        return cls(
            bundle=Path(bundle),
            host=environ.get("KAMADO_HOST") or "127.0.0.1",
            port=numbers[PORT],
            limits=ServerLimits(
                concurrency=numbers[CONCURRENCY],
                max_rows=numbers[MAX_ROWS],
                max_bytes=numbers[MAX_BYTES],
                seconds=numbers[SECONDS],
            ),
            drain_seconds=numbers[DRAIN_SECONDS],
            log=log,
            prediction_log=environ.get(PREDICTION_LOG, ""),
        )


def usage() -> str:
    """The help text: one line per setting."""
    rows = [
        ("KAMADO_BUNDLE", f"folder of the trained model, for example {EXAMPLE_BUNDLE}"),
        ("KAMADO_HOST", "address to listen on (127.0.0.1); 0.0.0.0 is every address"),
        *((setting.variable, f"{setting.description} ({setting.default})") for setting in INT_SETTINGS),
        (LOG, f"{FORMATS[0]} for people, {FORMATS[1]}, or {FORMATS[2]}: JSON with a line for each ({FORMATS[0]})"),
        (PREDICTION_LOG, f"{STDOUT}, or a folder for Parquet files: a line for each scored row; none without it"),
    ]
    lines = "\n".join(f"  {name:<21} {description}" for name, description in rows)
    return f"python -m serving.server takes no arguments. It reads from the environment:\n{lines}"
