from typing import NamedTuple

from kfp import dsl
from kfp.dsl import HTML, Artifact, ClassificationMetrics, Dataset, Input, Metrics, Model, Output


@dsl.component(base_image="python-set-by-the-graph", install_kfp_package=False)
def evaluate(
    spec: Input[Artifact],
    rows: Input[Dataset],
    splits: Input[Dataset],
    trained: Input[Model],
    released: Input[Model],
    evaluation: Output[Artifact],
    report: Output[HTML],
    metrics: Output[Metrics],
    roc: Output[ClassificationMetrics],
) -> NamedTuple("Outputs", [("verdict", str)]):  # type: ignore[valid-type] # the one form that KFP ships in the body
    """Compare with baselines and champion on the same rows; the reasons of the verdict are in the report."""
    import shutil
    from pathlib import Path
    from typing import NamedTuple

    from artifacts.metrics import MetricsDocument
    from components.evaluate.evaluate import evaluate as run
    from components.evaluate.inputs import InputFolders
    from components.evaluate.kubeflow_metrics import log_metrics
    from components.step import Step
    from model.spec.types import Spec

    with Step("evaluate") as step:
        out = Path(evaluation.path)
        champion = Path(released.path) / "bundle"
        folders = InputFolders(
            bundle=Path(trained.path) / "bundle",
            splits=Path(splits.path),
            training=Path(trained.path),
            extracted=Path(rows.path),
            champion=champion if champion.is_dir() else None,
        )
        spec_of_run = Spec.from_json(Path(spec.path).read_text("utf-8"))
        verdict = run(spec_of_run, folders, out, progress=step.progress)
        shutil.copyfile(out / "report.html", report.path)
        log_metrics(MetricsDocument.read(out), metrics, roc)

    class Outputs(NamedTuple):
        verdict: str

    return Outputs(verdict)
