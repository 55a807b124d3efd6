"""The table of a run with several models."""

from collections.abc import Sequence

from artifacts.run_result import RunResult


def table(results: Sequence[RunResult]) -> str:
    """Markdown: a line that counts, and a row for each model, those without an image of theirs first."""
    rows = [
        f"| {_cell(result.model)} | {result.outcome} | {_cell(result.reason)} | {_image(result)} |"
        for result in sorted(results, key=lambda result: (result.green, result.outcome == "promote", result.model))
    ]
    head = ["| model | outcome | reason | image |", "|---|---|---|---|"]
    return "\n".join([f"# {counted(results)}", "", *head, *rows]) + "\n"


def counted(results: Sequence[RunResult]) -> str:
    """`5 models: 3 promote, 1 hold, 1 refused`."""
    models = "1 model" if len(results) == 1 else f"{len(results)} models"
    outcomes = [result.outcome for result in results]
    counts = ", ".join(f"{outcomes.count(outcome)} {outcome}" for outcome in dict.fromkeys(sorted(outcomes)))
    return f"{models}: {counts}"


def _image(result: RunResult) -> str:
    return f"`{result.tag}` `{result.digest}`" if result.digest else ""


def _cell(text: str) -> str:
    """In one cell: a reason may quote whatever is in the data."""
    for sign in "\\`*_[]<>|":
        text = text.replace(sign, f"\\{sign}")
    return " ".join(text.split())
