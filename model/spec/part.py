"""What every part of a spec is: unknown keys are refused, and so are NaN and infinity."""

from pydantic import BaseModel, ConfigDict


class Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)
