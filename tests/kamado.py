"""A verb of `kamado` in the process of the tests: what takes longest is the start of a process of its own."""

import contextlib
import io
import os
from collections.abc import Mapping
from dataclasses import dataclass

from cli.main import main


@dataclass(frozen=True)
class Answer:
    """How a verb ended, and what it wrote to stdout and stderr."""

    code: int
    out: str
    err: str


def kamado(*words: object, environ: Mapping[str, str] | None = None) -> Answer:
    """One verb, in the folder and, by default, with the environment of the tests."""
    with contextlib.redirect_stdout(io.StringIO()) as out, contextlib.redirect_stderr(io.StringIO()) as err:
        code = main([str(word) for word in words], os.environ if environ is None else environ)
    return Answer(code, out.getvalue(), err.getvalue())
