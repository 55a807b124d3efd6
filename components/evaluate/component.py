from kfp import dsl
from kfp.dsl import HTML, Artifact, ClassificationMetrics, Dataset, Input, Metrics, Model, Output


@dsl.component(base_image="python-set-by-the-graph", install_kfp_package=False)
def evaluate(
    spec: Input[Artifact],
    splits: Input[Dataset],
    trained: Input[Model],
    released: Input[Model],
    evaluation: Output[Artifact],
    report: Output[HTML],
    metrics: Output[Metrics],
    roc: Output[ClassificationMetrics],
) -> None:
    """Compare with baselines and champion on the same rows; the reasons of the verdict are in the report."""
    import shutil
    from pathlib import Path

    from artifacts.metrics import MetricsDocument
    from artifacts.verdict import Verdict
    from components.step import Step
    from model.spec.types import Spec

    with Step("evaluate", outputs=[evaluation.path]) as step:
        step.pass_on(spec.path, splits.path, trained.path, released.path)
        # Imported here: it takes longer than to pass on a refusal, which needs none of it.
        from components.evaluate.evaluate import evaluate as run
        from components.evaluate.inputs import InputFolders
        from components.evaluate.kubeflow_metrics import log_metrics

        out = Path(evaluation.path)
        champion = Path(released.path) / "bundle"
        folders = InputFolders(
            bundle=Path(trained.path) / "bundle",
            splits=Path(splits.path),
            training=Path(trained.path),
            extracted=Path(splits.path),
            champion=champion if champion.is_dir() else None,
        )
        run(Spec.read(Path(spec.path)), folders, out, progress=step.progress)
        evaluation.metadata.update(Verdict.read(out).facts())
        shutil.copyfile(out / "report.html", report.path)
        log_metrics(MetricsDocument.read(out), metrics, roc)
