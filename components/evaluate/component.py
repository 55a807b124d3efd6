from typing import NamedTuple

from kfp import dsl
from kfp.dsl import HTML, Artifact, Dataset, Input, Metrics, Model, Output


@dsl.component(base_image="python-set-by-the-graph", install_kfp_package=False)
def evaluate(
    spec: Input[Artifact],
    rows: Input[Dataset],
    parts: Input[Dataset],
    trained: Input[Model],
    released: Input[Model],
    evaluation: Output[Artifact],
    report: Output[HTML],
    metrics: Output[Metrics],
) -> NamedTuple("Outputs", [("verdict", str)]):  # type: ignore[valid-type] # the one form that KFP ships in the body
    """Compare with baselines and champion on the same rows; the verdict is a word, its reasons are in the report."""
    import shutil
    from pathlib import Path
    from typing import NamedTuple

    from components.evaluate.evaluate import evaluate as run
    from components.evaluate.metrics.probability import flat
    from components.step import Step
    from model.files import read_json
    from model.spec.types import Spec

    with Step("evaluate") as step:
        out = Path(evaluation.path)
        champion = Path(released.path) / "bundle"
        verdict = run(
            Spec.from_json(Path(spec.path).read_text("utf-8")),
            Path(trained.path) / "bundle",
            Path(parts.path),
            Path(trained.path),
            Path(rows.path),
            out,
            champion=champion if champion.is_dir() else None,
            progress=step.progress,
        )
        shutil.copyfile(out / "report.html", report.path)
        shutil.copyfile(out / "metrics.json", metrics.path)  # without a file here the local cache never hits
        for name, value in flat(read_json(out / "metrics.json", made_by="evaluate")).items():
            metrics.log_metric(name, value)

    class Outputs(NamedTuple):
        verdict: str

    return Outputs(verdict)
