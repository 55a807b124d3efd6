"""What each cut shows alone, where several are pooled."""

from artifacts.metrics import CutRow
from components.evaluate.inputs import EvaluatedCut
from components.evaluate.metrics.candidate_names import NEW
from components.evaluate.metrics.paired_comparison import PairedComparison
from components.evaluate.metrics.tables import comparisons


def cut_row(cut: EvaluatedCut, compared: PairedComparison, against: PairedComparison) -> CutRow:
    """`compared` and `against` are on the test rows of this cut."""
    test, train = cut.summary.splits.test, cut.summary.splits.train
    return CutRow(
        cut=cut.number,
        bundle=cut.new.bundle.digest,
        first=test.first,
        last=test.last,
        rows=float(len(compared.rows.label)),
        conversions=float(compared.rows.label.sum()),
        train_rows=float(train.rows),
        train_conversions=float(train.positives),
        log_loss=compared.log_loss(NEW).value,
        gains=comparisons(compared, against),
    )
