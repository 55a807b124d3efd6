"""The version of this code, which is written in one place: the newest heading of CHANGELOG.md."""

import re
from pathlib import Path

CHANGELOG = Path(__file__).resolve().parents[1] / "CHANGELOG.md"
HEADING = re.compile(r"^## (\d\S*)", re.MULTILINE)
UNKNOWN = "unknown"


def version() -> str:
    """For example "0.1.0"; "unknown" where the code was copied without CHANGELOG.md."""
    if not CHANGELOG.is_file():
        return UNKNOWN
    heading = HEADING.search(CHANGELOG.read_text("utf-8"))
    return heading[1] if heading else UNKNOWN
