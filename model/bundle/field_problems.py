"""Pydantic's errors of a bundle's file as problems."""

import re

import pydantic

from model.bundle.folder import RETRAIN
from model.errors import Problems

MOST_PROBLEMS = 20  # of one file


def add_field_problems(file: str, error: pydantic.ValidationError, problems: Problems, code: str) -> None:
    """A problem with this code for each field that is not as declared, up to MOST_PROBLEMS."""
    for detail in error.errors(include_url=False)[:MOST_PROBLEMS]:
        where = f"{file} {'.'.join(str(part) for part in detail['loc'])}"
        value = re.sub(r"\s+", " ", repr(detail["input"]))[:80]
        problems.add(where, f"{detail['msg']}, found {value}", RETRAIN, code)
