"""Markdown as Kubeflow's pages render it.

They use markdown-to-jsx. In older Kubeflow (version 6 of it) raw HTML becomes elements, in newer ones (7 to 9) it is
text. All have tables, and all take a punctuation mark behind a backslash as the mark itself.
"""

import re
from collections.abc import Sequence

from model.text import printable

MARKUP = re.compile(
    r"[\\`*_\[\]<>|~&@#!]|=(?==)"  # emphasis, code, links, HTML, entities, cells, mail addresses, highlights
    r"|:(?=//)|(?<=www)\."  # what would be made a link
    r"|^[-+]",  # what would begin a list
    re.IGNORECASE,
)
NUMBERED = re.compile(r"^(\d+)([.)])")  # would begin a list


def text(value: str) -> str:
    """A text that somebody else wrote, in one line and without any markup."""
    line = " ".join(printable(value).split())
    return NUMBERED.sub(r"\1\\\2", MARKUP.sub(r"\\\g<0>", line))


def code(value: str) -> str:
    """A block to copy from."""
    fence = "`" * max([3, *(len(run) + 1 for run in re.findall("`+", value))])
    return f"{fence}\n{printable(value)}\n{fence}"


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """The first column is text, the others are numbers. Cells are Markdown already."""
    rule = [":---", *["---:"] * (len(head) - 1)]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in (head, rule, *rows))
