"""Command lines whose mistakes are told in one line each, all at once, with the way out and exit code 2."""

import argparse
import difflib
import sys
from collections.abc import Sequence
from typing import Any, NoReturn

from model.errors import KamadoError, Problem
from model.text import printable

MISTAKE = 2  # exit code


class UsageError(KamadoError):
    """Something on the command line has to be written in another way; nothing was started."""

    heading = "the command cannot be carried out as it is written"


class CommandLine(argparse.ArgumentParser):
    """An argparse parser that prints no usage when it refuses, and takes options in full only."""

    def __init__(self, **settings: Any) -> None:
        super().__init__(**{"allow_abbrev": False, **settings})

    def error(self, message: str) -> NoReturn:
        """Raises SystemExit(2)."""
        print(printable(f"{self.prog}: {message}. See: {self.prog} --help"), file=sys.stderr)
        raise SystemExit(MISTAKE)

    def read(self, arguments: Sequence[str]) -> tuple[argparse.Namespace, list[Problem]]:
        """The arguments with a problem for each that is unknown, so that a caller tells them with its own."""
        args, unknown = self.parse_known_args(arguments)
        return args, [Problem(word, "is not an argument", self._near(word), "argument-unknown") for word in unknown]

    def _near(self, word: str) -> str:
        near = difflib.get_close_matches(word.partition("=")[0], list(self._option_string_actions), 1)
        return f"Did you mean {near[0]}?" if near else f"See: {self.prog} --help"
