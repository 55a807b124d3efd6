"""What came out of a run, in the forms that people and later steps read."""

from dataclasses import dataclass
from pathlib import Path

from artifacts.extract import Extract
from artifacts.image import ImageDocument
from artifacts.metrics import MetricsDocument
from artifacts.refusal import Refusal
from artifacts.rejection_report import RejectionReport
from artifacts.run_result import RunOutcome, RunResult
from artifacts.verdict import Verdict
from components.build_image.summary import summary


@dataclass(frozen=True)
class Account:
    """The documents of a run; None of a step that it did not come to. With a refusal there is no image."""

    model: str
    verdict: Verdict | None
    metrics: MetricsDocument | None
    rejection: RejectionReport | None
    extract: Extract | None
    image: ImageDocument | None
    refusal: Refusal | None

    @classmethod
    def read(cls, model: str, evaluation: Path, image: Path, refusal: Refusal | None) -> "Account":
        return cls(
            model=model,
            verdict=Verdict.read_if_present(evaluation),
            metrics=MetricsDocument.read_if_present(evaluation),
            rejection=RejectionReport.read_if_present(evaluation),
            extract=Extract.read_if_present(evaluation),
            image=ImageDocument.read_if_present(image),
            refusal=refusal,
        )

    @property
    def outcome(self) -> RunOutcome:
        if self.refusal or self.verdict is None:
            return "refused"
        return self.verdict.verdict

    @property
    def reason(self) -> str:
        """One line."""
        if self.refusal:
            first, *others = self.refusal.problems
            more = f", and {len(others)} more" if others else ""
            return f"{self.refusal.step}: {first.where}: {first.problem}{more}"
        failed = self.verdict.failed if self.verdict else ()
        return failed[0].message if failed else "all rules hold"

    @property
    def result(self) -> RunResult:
        result = RunResult(model=self.model, outcome=self.outcome, reason=self.reason)
        if self.image is None:
            return result
        named = {"reference": self.image.reference, "tag": self.image.tag, "digest": self.image.digest}
        return result.model_copy(update=named)

    def summary(self) -> str:
        """Markdown."""
        return summary(
            model=self.model,
            verdict=self.verdict,
            metrics=self.metrics,
            rejection=self.rejection,
            extract=self.extract,
            image=self.image,
            refusal=self.refusal,
        )
