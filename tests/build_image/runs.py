"""Documents of runs as the last step finds them."""

from artifacts.extract import Extract
from artifacts.image import ImageBase, ImageDocument, ImageLayer, ImageSmokeTest
from artifacts.metrics import MetricsDocument, MetricTables
from artifacts.refusal import Refusal, RefusedProblem
from artifacts.rejection_report import RejectedByRule, RejectionReport
from artifacts.verdict import Bootstrap, Reason, Verdict

DIGEST = "sha256:" + "4" * 64
EXTRACT = Extract(
    sql_sha256="e" * 64, start=None, end="2026-07-01T00:00:00Z", rows=20_000, backend="bigquery",
    bytes_billed=12_345_678_901, tables=("log",), table_rows=None, losses=None, columns={},
)  # fmt: skip
IMAGE = ImageDocument(
    reference=f"registry.example:5000/models:rent-20260628-0123456789ab@{DIGEST}", tag="rent-20260628-0123456789ab",
    digest=DIGEST, outcome="written", bundle=f"sha256:{'a' * 64}", verdict_sha256="b" * 64,
    base=ImageBase(kind="registry", name="base", digest=DIGEST),
    layer=ImageLayer(diff_id=DIGEST, digest=DIGEST, size=1), smoke_test=ImageSmokeTest(way="process", answers=100),
    attachments=(), labels={"z": "1", "a": "2"},
)  # fmt: skip
METRICS = MetricsDocument.of(
    {
        "auc": 0.712345678, "auc_low": 0.69, "auc_high": 0.73, "conversions": 1234.0, "rows": 18_000.0,
        "log_loss": 0.3123456, "ips_lift": 0.04567, "ips_lift_low": 0.0101, "ips_lift_high": 0.0812,
    },
    MetricTables(),
)  # fmt: skip


def rejection(name: str = "rent", warnings: tuple[str, ...] = ()) -> RejectionReport:
    rules = (
        RejectedByRule(
            name=name, kind="rule", expression="rent", min=1, max=2, rejected=120, share=0.006, examples=()
        ),
        RejectedByRule(
            name="never broken", kind="rule", expression="rent", min=1, max=2, rejected=0, share=0.0, examples=()
        ),
    )  # fmt: skip
    return RejectionReport(
        rows_in=20_000, rejected_rows=120, rejected_share=0.006, budget=0.05, rules=rules, key=("list_id",),
        key_is_declared=False, duplicates=7, duplicates_share=0.0, copies_budget=0.0, equal_rows_kept=0, immature=30,
        rows_kept=19_843, not_finite={}, warnings=warnings,
    )  # fmt: skip


def verdict(outcome: str, *failed: Reason) -> Verdict:
    size = Reason(rule="size", measured=12.0, bound="<= 50", passed=True, message="Small.")
    return Verdict.model_validate(
        {
            "verdict": outcome, "reasons": (size, *failed), "metrics": METRICS.scalars, "bundle": f"sha256:{'a' * 64}",
            "champion": None, "spec_sha256": "b" * 64, "sql_sha256": "c" * 64, "test_rows_sha256": "d" * 64,
            "bootstrap": Bootstrap(seed=7, draws=1000),
        }
    ).with_checksum()  # fmt: skip


def failed(rule: str, message: str) -> Reason:
    return Reason(rule=rule, measured=-0.01, bound="interval above 0", passed=False, message=message)


def refusal(*problems: tuple[str, str, str, str]) -> Refusal:
    return Refusal(
        step="preprocess",
        heading="the data was refused",
        problems=tuple(
            RefusedProblem(where=where, problem=problem, hint=hint, code=code)
            for where, problem, hint, code in problems
        ),
    )
