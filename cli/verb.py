"""One verb of `kamado`: a click command that reports every mistake of its command line at once."""

import difflib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import click
from click.core import iter_params_for_processing

from cli.outcome import VerbResult, finish
from cli.types import ArgumentProblem
from model.errors import Problem, UsageError
from model.text import printable

if TYPE_CHECKING:
    from rich.console import Console

OPTIONS_END = "--"
JSON = click.Option(["--json", "as_json"], is_flag=True, help="Print one JSON value, also for a refusal.")


@dataclass(frozen=True)
class Call:
    """What a verb gets beside its own arguments.

    `console` is for people: stdout, or stderr with --json. `mistakes` are those of the command line, which a verb that
    `collects_mistakes` reports together with what it finds itself.
    """

    console: "Console"
    mistakes: tuple[Problem, ...]
    environ: Mapping[str, str]

    def report(self, line: str) -> None:
        """Show a line of progress."""
        self.console.print(printable(line), markup=False)


class Verb(click.Command):
    """Its callback takes a `Call` and the arguments, and returns a `VerbResult`.

    Options are taken in full only. `unchanged` says what an interrupt leaves as it was.
    """

    def __init__(
        self, *args: Any, collects_mistakes: bool = False, unchanged: str = "", takes_json: bool = True, **settings: Any
    ) -> None:
        super().__init__(*args, **settings)
        self.collects_mistakes, self.unchanged = collects_mistakes, unchanged
        if takes_json:
            self.params.append(JSON)

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Reads what can be read; what cannot is kept for `invoke`."""
        if ctx.resilient_parsing:  # of shell completion
            return super().parse_args(ctx, args)
        ctx.meta["as_json"] = any(JSON in self.params and word == "--json" for word in args)
        known, unknown = self._divide(ctx, args)
        mistakes = [self._unknown(ctx, word) for word in unknown]
        try:
            values, rest, order = self.make_parser(ctx).parse_args(known)
        except click.UsageError as error:  # an option without its value: nothing after it can be read
            ctx.meta["mistakes"], ctx.meta["readable"] = (*mistakes, _problem(ctx, error)), False
            return []
        for param in iter_params_for_processing(order, self.get_params(ctx)):
            try:
                _, rest = param.handle_parse_result(ctx, values, rest)
            except click.UsageError as error:
                mistakes.append(_problem(ctx, error))
        mistakes += [self._unknown(ctx, word) for word in rest]
        ctx.meta["mistakes"], ctx.meta["readable"] = tuple(mistakes), True
        return []

    def invoke(self, ctx: click.Context) -> int:
        """The exit code."""
        mistakes: tuple[Problem, ...] = ctx.meta["mistakes"]
        values = {name: value for name, value in ctx.params.items() if name != "as_json"}

        def work(console: "Console") -> VerbResult:
            if mistakes and not (self.collects_mistakes and ctx.meta["readable"]):
                raise UsageError(*mistakes)
            assert self.callback is not None
            result: VerbResult = ctx.invoke(self.callback, Call(console, mistakes, ctx.obj), **values)
            return result

        return finish(work, as_json=ctx.meta["as_json"], unchanged=self.unchanged)

    def _divide(self, ctx: click.Context, args: list[str]) -> tuple[list[str], list[str]]:
        """The words that click can read, and the options that this verb does not have."""
        options = dict(self._options(ctx))
        known, unknown, words = list[str](), list[str](), iter(args)
        for word in words:
            name, equals, _ = word.partition("=")
            if word == OPTIONS_END:
                known += [word, *words]
            elif not word.startswith("-") or word == "-":
                known.append(word)
            elif name not in options:
                unknown.append(word)
            else:
                known.append(word)
                if options[name] and not equals:
                    known += [value for value in [next(words, None)] if value is not None]
        return known, unknown

    def _options(self, ctx: click.Context) -> Iterator[tuple[str, bool]]:
        """Name of each option, and whether a value follows it."""
        for param in self.get_params(ctx):
            if isinstance(param, click.Option):
                for name in (*param.opts, *param.secondary_opts):
                    yield name, not (param.is_flag or param.count)

    def _unknown(self, ctx: click.Context, word: str) -> Problem:
        options = {name.lstrip("-"): name for name, _ in self._options(ctx)}
        nearest = difflib.get_close_matches(word.partition("=")[0].lstrip("-"), options, 1)
        hint = f"Did you mean {options[nearest[0]]}?" if nearest else f"See: {ctx.command_path} --help"
        return Problem(word, "is not an argument", hint, "argument-unknown")


def _problem(ctx: click.Context, error: click.UsageError) -> Problem:
    if isinstance(error, ArgumentProblem):
        return error.problem
    hint = f"See: {ctx.command_path} --help"
    if isinstance(error, click.MissingParameter):
        assert error.param is not None
        return Problem(_name(error.param), "is missing", hint, "argument-missing")
    if isinstance(error, click.BadParameter):
        return Problem(
            _name(error.param) if error.param else "argument", error.message.rstrip("."), hint, "argument-value"
        )
    where = error.option_name if isinstance(error, click.BadOptionUsage) else "argument"
    return Problem(where, error.message.rstrip("."), hint, "argument-value")


def _name(param: click.Parameter) -> str:
    return param.opts[0] if isinstance(param, click.Option) else param.make_metavar(click.Context(click.Command("")))
