"""The one layer of the model, and what the image starts over it."""

from datetime import UTC, datetime
from pathlib import Path

from build.gate.copy import VERDICT
from build.oci.layer import Layer, TarEntry, write_layer
from model.bundle.folder import FILES
from model.files import JSON

HOME = "/opt/kamado"
USER = "65532"
PORT = "8080/tcp"
COMMAND = ["python3", "-m", "serving.server"]
ENVIRONMENT = {"KAMADO_BUNDLE": f"{HOME}/bundle", "KAMADO_HOST": "0.0.0.0"}
START: dict[str, JSON] = {"Cmd": [*COMMAND], "User": USER, "WorkingDir": HOME}


def model_layer(path: Path, bundle: Path, verdict: bytes, *, cutoff: str) -> Layer:
    """Write the files of the bundle and the verdict that let them pass; every file has the time of the cut-off."""
    home = HOME[1:]
    entries = [TarEntry(f"{home}/bundle/{name}", data=bundle / name) for name in FILES]
    return write_layer(path, [*entries, TarEntry(f"{home}/{VERDICT}", data=verdict)], mtime=epoch(cutoff))


def epoch(moment: str) -> int:
    """Seconds since 1970 of an ISO moment in UTC."""
    return int(datetime.fromisoformat(moment).astimezone(UTC).timestamp())
