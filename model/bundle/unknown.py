"""What becomes of a category that training did not know."""

from typing import Literal

UnknownPolicy = Literal["other", "missing", "refuse"]
