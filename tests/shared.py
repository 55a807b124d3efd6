"""Real data sets beside the checkout. They are read where they are and never enter the repository or an image."""

from pathlib import Path

import pytest

SHARED = Path(__file__).resolve().parents[1].parent / "shared" / "data"


def shared(path: str) -> Path:
    """The file or folder, or a skip with its reason."""
    target = SHARED / path
    if not target.exists():
        pytest.skip(f"needs {path} in ../shared/data, which is not on this machine; nothing to fix")
    return target
