from kfp import dsl
from kfp.dsl import HTML, Artifact, Dataset, Input, Metrics, Model, Output


@dsl.component(base_image="python-set-by-the-graph", install_kfp_package=False)
def refit(
    spec: Input[Artifact],
    threads: int,
    splits: Input[Dataset],
    trained: Input[Model],
    evaluation: Input[Artifact],
    shipped: Output[Model],
    decision: Output[Artifact],
    report: Output[HTML],
    metrics: Output[Metrics],
) -> None:
    """Train what was promoted again on every row, and check it against the judged model; else pass that on.

    Args:
        threads: Threads of the fit; any number gives the same model.
    """
    import shutil
    from pathlib import Path

    from artifacts.verdict import Verdict
    from components.step import Step
    from model.spec.types import Spec

    with Step("refit", outputs=[shipped.path, decision.path]) as step:
        step.pass_on(spec.path, splits.path, trained.path, evaluation.path)
        # Imported here: it takes longer than to pass on a refusal, which needs none of it.
        from components.refit.refit import refit as run

        out = Path(decision.path)
        run(
            Spec.read(Path(spec.path)),
            Path(splits.path),
            Path(trained.path),
            Path(evaluation.path),
            Path(shipped.path),
            out,
            threads=threads,
            progress=step.progress,
        )
        verdict = Verdict.read(out)
        decision.metadata.update(verdict.facts())
        shipped.metadata.update({"digest": verdict.ships})
        shutil.copyfile(out / "report.html", report.path)
        shutil.copyfile(out / "verdict.json", metrics.path)  # KFP's cache here takes no step whose outputs have no file
        for name, value in (verdict.refit.metrics if verdict.refit else {}).items():
            metrics.log_metric(name, value)
