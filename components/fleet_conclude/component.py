from typing import List  # noqa: UP035 # KFP reads this form alone

from kfp import dsl


@dsl.component(base_image="python-set-by-the-graph", install_kfp_package=False)
def fleet_conclude(results: List[str]) -> None:  # noqa: UP006
    """Print every outcome; a refused, rejected or invalid model ends the run red.

    Args:
        results: A line of JSON for each model.
    """
    from artifacts.run_result import RunResult
    from components.fleet_conclude.fleet_conclude import fleet_conclude as run
    from components.step import Step

    with Step("fleet_conclude"):
        run([RunResult.of_line(line) for line in results])
