"""The rows that the examination curve of an evaluation is estimated from."""

from artifacts.examination.curve import ExaminationCurve
from artifacts.examination.estimate import EARLIER, estimate
from artifacts.examination.posterior import CurvePrior
from artifacts.examination.read_strata import CurveEvidence, read_strata
from artifacts.split import split_file
from components.evaluate.inputs import EvaluationInputs
from model.bundle.examination import MOST_POSITIONS


def examination_curve(inputs: EvaluationInputs, last_position: int) -> ExaminationCurve:
    """The curve that the new model carries, and what the test rows add to it.

    Where it carries none, because nothing identified it in the rows before the test split, those count as well here.
    `last_position` is the last logged one. Raises DataError for splits that are damaged.
    """
    positions = min(last_position, MOST_POSITIONS)
    spec, position = inputs.spec, inputs.bundle.manifest.position
    evidence = [read_strata(spec, cut.test, positions, share=1.0) for cut in inputs.cuts]
    table = position.examination if position else None
    if table:
        return estimate(CurveEvidence.joined(*evidence), CurvePrior.of_table(table, positions, spread=0.0), EARLIER)
    share = inputs.bundle.manifest.sampling.kept_negatives
    evidence.append(read_strata(spec, split_file(inputs.splits, "train"), positions, share=share))
    evidence.append(read_strata(spec, split_file(inputs.splits, "calibration"), positions, share=1.0))
    return estimate(CurveEvidence.joined(*evidence), None)
