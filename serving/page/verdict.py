"""The verdict of the evaluation: `verdict.json` beside the bundle, where an image and a run have it.

The server needs no verdict, and does not judge it: the gate did, before there was an image. It is shown when it is
about this very bundle.
"""

from dataclasses import dataclass
from pathlib import Path

import pydantic
from pydantic import BaseModel, ConfigDict

FILE = "verdict.json"


class _Part(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True, allow_inf_nan=False)


class ShownReason(_Part):
    """One rule, and what was measured."""

    rule: str
    bound: str
    passed: bool
    message: str


class ShippedBundle(_Part):
    """What ships in the place of the model that was judged."""

    bundle: str


class ShownVerdict(_Part):
    """What is shown of it. `metrics` are of the test split: name -> number."""

    verdict: str
    reasons: tuple[ShownReason, ...]
    metrics: dict[str, float]
    bundle: str
    refit: ShippedBundle | None = None


@dataclass(frozen=True)
class NoVerdict:
    """Why there is none to show."""

    reason: str


def read_verdict(bundle: Path, digest: str) -> ShownVerdict | NoVerdict:
    """The verdict beside the folder of a bundle with this digest."""
    path = bundle.absolute().parent / FILE
    try:
        verdict = ShownVerdict.model_validate_json(path.read_bytes())
    except OSError:
        return NoVerdict(f"There is no {FILE} beside the bundle.")
    except pydantic.ValidationError:
        return NoVerdict(f"{FILE} beside the bundle is not a verdict.")
    if digest != (verdict.refit.bundle if verdict.refit else verdict.bundle):
        return NoVerdict(f"{FILE} beside the bundle is about another bundle.")
    return verdict
