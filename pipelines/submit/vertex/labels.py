"""The labels of a job: what the console and bills are searched by, and what makes it one of ours."""

import hashlib
import re

from pipelines.submit.service import RunRequest

MOST = 63  # signs of a label
PREFIX = "kamado_"
PIPELINE, VERSION, CONTENT = f"{PREFIX}pipeline", f"{PREFIX}version", f"{PREFIX}content"
EXPERIMENT, RETRY_OF = f"{PREFIX}experiment", f"{PREFIX}retry_of"


def labels_of(request: RunRequest) -> dict[str, str]:
    """Model and commit, experiment, and the version with a digest of its content."""
    package = request.package
    labels = {f"{PREFIX}{name}": label_value(text) for name, text in package.tags.items()}
    labels |= {PIPELINE: label_value(package.pipeline), VERSION: label_value(package.version)}
    labels |= {EXPERIMENT: label_value(request.experiment)}
    return labels | {CONTENT: hashlib.sha256(package.text.encode()).hexdigest()[:32]}


def label_value(text: str) -> str:
    """In the signs that a label takes; a text that loses something gets a digest, so that two stay different."""
    value = re.sub(r"[^a-z0-9_-]", "-", text.lower())
    if value == text and len(value) <= MOST:
        return value
    return f"{value[: MOST - 9]}-{hashlib.sha256(text.encode()).hexdigest()[:8]}"


def filter_of(**values: str) -> str:
    """Of a list: all that have these labels, given without their prefix."""
    return " AND ".join(f'labels.{PREFIX}{name}="{value}"' for name, value in values.items())
