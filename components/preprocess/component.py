from kfp import dsl
from kfp.dsl import Artifact, Dataset, Input, Output


@dsl.component(base_image="python-set-by-the-graph", install_kfp_package=False)
def preprocess(spec: Input[Artifact], rows: Input[Dataset], splits: Output[Dataset]) -> None:
    """Reject and count the rare rows, then divide the rest into train, calibration and test."""
    from pathlib import Path

    from artifacts.rejection_report import RejectionReport
    from artifacts.split import SplitSummary
    from components.step import Step
    from model.spec.types import Spec

    with Step("preprocess", outputs=[splits.path]) as step:
        step.pass_on(spec.path, rows.path)
        # Imported here: it takes longer than to pass on a refusal, which needs none of it.
        from components.preprocess.preprocess import preprocess as run

        out = Path(splits.path)
        run(Spec.read(Path(spec.path)), Path(rows.path), out, progress=step.progress)
        splits.metadata.update({**RejectionReport.read(out).facts(), **SplitSummary.read(out).facts()})
