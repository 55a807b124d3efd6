"""What ships: the promoted recipe trained again on every row, or what was judged as it is."""

import shutil
from pathlib import Path

from artifacts.extract import Extract
from artifacts.metrics import MetricsDocument
from artifacts.rejection_report import RejectionReport
from artifacts.verdict import Outcome, Verdict
from model.files import output_folder
from model.progress import ReportProgress
from model.spec.types import Spec

REPORT = "report.html"
OF_PREPROCESS = (Extract.FILE, RejectionReport.FILE)  # for the summary, which need not fetch the splits


def refit(
    spec: Spec,
    splits: Path,
    trained: Path,
    evaluation: Path,
    shipped: Path,
    decision: Path,
    *,
    threads: int,
    progress: ReportProgress,
) -> Outcome:
    """Write the bundle that ships into `shipped/bundle`, and the final verdict with its report into `decision`.

    Returns the outcome: that of `evaluation`, or `hold` where the refit does not agree with the judged model. Where the
    verdict does not promote, or the spec wants no refit, what was judged is passed on as it is. Raises DataError or
    BundleError for inputs that are missing or damaged.
    """
    verdict = Verdict.read(evaluation)
    with output_folder(shipped) as out, output_folder(decision) as decided:
        for name in OF_PREPROCESS:
            shutil.copyfile(splits / name, decided / name)
        shutil.copyfile(evaluation / MetricsDocument.FILE, decided / MetricsDocument.FILE)
        if verdict.verdict != "promote" or not spec.training.refit:
            for name in (REPORT, Verdict.FILE):
                shutil.copyfile(evaluation / name, decided / name)
            shutil.copytree(trained / "bundle", out / "bundle")
            progress(1, 1, f"no refit of a model with the verdict {verdict.verdict}" if spec.training.refit else "off")
            return verdict.verdict
        from components.refit.retrain import retrain  # all of training, which nothing else here needs

        retrained = retrain(spec, splits, trained, evaluation, out / "bundle", threads=threads, progress=progress)
        (decided / REPORT).write_text(retrained.report, "utf-8")
        retrained.verdict.write(decided)
    return retrained.verdict.verdict
