"""What a position adds to the log odds, known before the trees are trained.

Trees that learn it beside the other features take for attractive what was shown at the top: where a model ordered the
lists, position and attractiveness are one. So it is estimated from what tells them apart, and fixed. Where nothing
does, it is an input like the others as long as no model was in service; later the usual power law is nearer to the
truth than what trees make of such lists.
"""

from collections.abc import Sequence
from pathlib import Path

from artifacts.examination.estimate import EARLIER, estimate, is_identified
from artifacts.examination.posterior import CurvePrior
from artifacts.examination.read_strata import CurveEvidence, read_strata
from artifacts.split import SplitName, SplitSummary, split_file
from model.bundle.examination import MOST_POSITIONS, ExaminationTable
from model.bundle.features import Feature, NumberFeature
from model.bundle.manifest import BundleManifest
from model.spec.types import Spec

CHANGE = 0.05  # standard deviation by which the decay of a site changes from one model to the next


def learn_examination(
    spec: Spec, splits: Path, summary: SplitSummary, features: Sequence[Feature], champion: BundleManifest | None
) -> ExaminationTable | None:
    """Of the rows before the test split, and of the curve that the model in service carries, which counts for the rows
    up to the newest that it has seen; without a time these cannot be told from newer ones, and it does not count. None
    without positions, and where nothing identifies it before the first model.

    Raises DataError for splits that are damaged.
    """
    positions = _positions(spec, features)
    if positions < 2:
        return None
    table = champion.position.examination if champion and champion.position else None
    until = champion.lineage.trained_until if champion else None
    known = CurvePrior.of_table(table, positions, spread=CHANGE) if table and until and spec.columns.time else None
    after = until if known else None
    shares: dict[SplitName, float] = {"train": summary.sampling.kept_negatives, "calibration": 1.0}
    evidence = [
        read_strata(spec, split_file(splits, name), positions, share=share, after=after)
        for name, share in shares.items()
    ]
    curve = estimate(CurveEvidence.joined(*evidence), known, "the curve of the model in service")
    learned = curve.table.model_copy(update={"inherited_until": after})
    return learned if champion or is_identified(curve) else None


def newer_examination(spec: Spec, splits: Path, learned: ExaminationTable) -> ExaminationTable:
    """The curve of a judged model, with what the test split adds to it: its rows that no model before has counted."""
    positions = len(learned.at)
    evidence = read_strata(spec, split_file(splits, "test"), positions, share=1.0, after=learned.inherited_until)
    return estimate(evidence, CurvePrior.of_table(learned, positions, spread=0.0), EARLIER).table


def _positions(spec: Spec, features: Sequence[Feature]) -> int:
    """The last position of the train split, at most MOST_POSITIONS; 0 without positions."""
    last = [
        feature.maximum or 0.0
        for feature in features
        if isinstance(feature, NumberFeature) and feature.name == spec.columns.position
    ]
    return int(min(max(last, default=0.0), MOST_POSITIONS))
