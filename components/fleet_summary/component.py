from typing import List  # noqa: UP035 # KFP reads this form alone

from kfp import dsl
from kfp.dsl import Markdown, Output


@dsl.component(base_image="python-set-by-the-graph", install_kfp_package=False)
def fleet_summary(results: List[str], summary: Output[Markdown]) -> None:  # noqa: UP006
    """Sum up the run: verdict, reason and image of every model.

    Args:
        results: A line of JSON for each model.
    """
    from pathlib import Path

    from artifacts.run_result import RunResult
    from components.fleet_summary.fleet_summary import table
    from components.step import Step

    with Step("fleet_summary"):
        Path(summary.path).write_text(table([RunResult.of_line(line) for line in results]), "utf-8")
