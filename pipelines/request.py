"""What a run or a check does, once its arguments are read."""

import json
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

from model.spec.types import Spec
from pipelines.local.run_dir import Output

if TYPE_CHECKING:
    from pipelines.local.steps_image import StepsImage


@dataclass(frozen=True)
class DataRequest:
    """A spec and the rows to read for it.

    `folder` is where the spec was read; `spec` has the overrides of the command line in it, so that its digest names
    what runs. `source` is None where the example simulates its own tables, in the folder `sample`.
    """

    folder: Path
    spec: Spec
    source: str | None
    sample: Path
    end: date
    output: Output


@dataclass(frozen=True)
class TrainingRequest:
    """What one training run does. Paths are absolute: steps run in folders of their own.

    `image` is that of the steps where they are containers; None where they are processes of this checkout.
    """

    data: DataRequest
    base: str
    champion: str
    threads: int
    image: "StepsImage | None"


@dataclass(frozen=True)
class Overrides:
    """Values that the command line puts in the place of the spec's; None leaves the spec's."""

    end: date | None = None
    trials: int | None = None
    minutes: float | None = None

    def applied(self, spec: Spec) -> Spec:
        """The spec with these values. Raises pydantic.ValidationError for one that a spec cannot have."""
        values = spec.model_dump(mode="json")
        overrides = {
            ("source", "end"): self.end.isoformat() if self.end else None,
            ("training", "trials"): self.trials,
            ("training", "minutes"): self.minutes,
        }
        for (section, key), value in overrides.items():
            if value is not None:
                values[section][key] = value
        return Spec.from_json(json.dumps(values))
