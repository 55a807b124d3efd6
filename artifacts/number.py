"""How numbers are written in artifacts."""

from typing import Annotated

from pydantic import AfterValidator

DIGITS = 10  # significant; sums on another number of threads may differ in the digits behind


def significant(value: float) -> float:
    """`value` rounded to DIGITS significant digits."""
    return float(f"{value:.{DIGITS}g}")


Number = Annotated[float, AfterValidator(significant)]
