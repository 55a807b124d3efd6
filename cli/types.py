"""Types of arguments, and what is wrong with one."""

from typing import Any

import click

from model.errors import Problem


class ArgumentProblem(click.UsageError):
    """An argument with a problem that has its own hint and code."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(str(problem))
        self.problem = problem


class RunId(click.ParamType[str]):
    """What a pipeline service calls a run."""

    name = "run"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        text = str(value)
        if not text or text.split() != [text]:
            self.fail(f"{text!r} is not the id of a run: `make pipeline-runs` lists them", param, ctx)
        return text


class Names(click.ParamType[tuple[str, ...]]):
    """Names with commas between them."""

    name = "names"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> tuple[str, ...]:
        names = tuple(name.strip() for name in str(value).split(",")) if value else ()
        if not all(names):
            self.fail(f"{value!r} has an empty name in it; write them as listing_id,list_id", param, ctx)
        return names


class WholeNumber(click.ParamType[int]):
    """A whole number of a range; `most` None is without an end."""

    name = "number"

    def __init__(self, least: int, most: int | None, example: int) -> None:
        self.least, self.most, self.example = least, most, example

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        text = str(value)
        number = int(text) if text.removeprefix("-").isdecimal() and len(text) <= 18 else None
        if number is None or number < self.least or (self.most is not None and number > self.most):
            end = f"of {self.least} or more" if self.most is None else f"from {self.least} to {self.most}"
            self.fail(f"{text!r} is not a whole number {end}, for example {self.example}", param, ctx)
        return number


class FiniteNumber(click.FloatRange):
    """A number of a range, which nan is not in."""

    name = "number"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        number = float(super().convert(value, param, ctx))
        if number != number:
            self.fail(f"{value!r} is not a number {self._describe_range()}", param, ctx)
        return number
