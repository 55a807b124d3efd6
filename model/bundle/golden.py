"""golden.json: rows with the probabilities that every correct server computes."""

import pydantic
from pydantic import BaseModel, ConfigDict, Field

from model.bundle.field_problems import add_field_problems
from model.bundle.folder import GOLDEN, RETRAIN
from model.errors import Problems
from model.files import parse_json

InputValue = float | str | None
InputRow = dict[str, InputValue]


class GoldenRow(BaseModel):
    """Inputs by name, and the probability that any correct server answers."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)

    input: InputRow
    probability: float = Field(ge=0, le=1)


def parse_golden(data: bytes, problems: Problems) -> tuple[GoldenRow, ...]:
    """The golden rows, or none with the problems added."""
    try:
        parse_json(data)
        return pydantic.TypeAdapter(tuple[GoldenRow, ...]).validate_json(data)
    except pydantic.ValidationError as error:
        add_field_problems(GOLDEN, error, problems, "golden-field")
    except (ValueError, UnicodeDecodeError) as error:
        problems.add(GOLDEN, f"is not JSON ({error})", RETRAIN, "golden-json")
    return ()
